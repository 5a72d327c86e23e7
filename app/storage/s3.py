"""A store in an S3 bucket. The only module of the storage that knows boto3; imported only when it is used.

Creating and replacing are conditional writes (``If-None-Match: *`` and ``If-Match``), so S3 decides who wins.
A write whose answer is lost is sent again and then meets itself: each carries a token to know its own by.
"""

import contextlib
import datetime
import random
import threading
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from app.storage.deadline import is_abandoned
from app.storage.port import (
    Blob,
    BlobChanged,
    BlobNotFound,
    BlobTooLarge,
    StoreUnavailable,
    check_filename,
    check_key,
    check_prefix,
    is_key,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

__all__ = ["S3Store"]

#: Seconds after which a caller may try again what botocore has tried in vain.
RETRY_AFTER = 5
#: How often a conditional write is sent while others write the same key.
CONFLICTS = 10
#: How often a body is asked for; botocore repeats a request, but not a body that breaks off.
READS = 2
WEEK = 7 * 24 * 3600
PAGE = 1000
TOKEN = "write"

#: A server that does not answer is given up after some 20 seconds; botocore's defaults outlast a gateway.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",  # links signed the older way work in old regions only
    max_pool_connections=32,
)
_BROKEN_BODY = (FlexibleChecksumError, HTTPClientError, IncompleteReadError)
_PASSING = (*_BROKEN_BODY, BotoConnectionError, ResponseParserError)
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_HIDDEN = {"403", "AccessDenied"}
_MISMATCH = {"412", "PreconditionFailed"}


class S3Store:
    """Blobs as the objects of a bucket, below a prefix.

    Credentials and region are those that boto3 finds.

    Parameters
    ----------
    bucket, prefix : str
        Where the blobs are; the prefix without a slash at its end, ``""`` for the whole bucket.
    endpoint : str, optional
        URL of an S3 server other than Amazon's.
    public_endpoint : str, optional
        URL under which those who follow a link reach the server; the endpoint itself by default.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        public_endpoint: str | None = None,
    ) -> None:
        self.description = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._base = f"{prefix}/" if prefix else ""
        self._endpoint = endpoint
        self._public_endpoint = public_endpoint
        self._clients: dict[str | None, S3Client] = {}
        self._lock = threading.Lock()

    def read(self, key: str, *, max_bytes: int) -> Blob:
        """Return what is stored under a key; see `Store.read`."""
        check_key(key)
        with self._faults():
            for _ in range(READS):
                with contextlib.suppress(_BrokenBody):
                    return self._read(key, max_bytes)
        raise self._unavailable("what it sends breaks off", passing=True)

    def create(self, key: str, data: bytes, *, content_type: str) -> bool:
        """Store a blob under a key that is free; see `Store.create`."""
        check_key(key)
        with self._faults():
            return self._put(key, data, content_type, {"IfNoneMatch": "*"}) is not None

    def replace(self, key: str, data: bytes, *, version: str, content_type: str) -> str:
        """Replace a blob that is still the one that was read; see `Store.replace`."""
        check_key(key)
        with self._faults():
            new = self._put(key, data, content_type, {"IfMatch": version})
        if new is None:
            raise BlobChanged(key)
        return new

    def delete(self, key: str) -> None:
        """Remove what is stored under a key; see `Store.delete`."""
        check_key(key)
        with self._faults():
            self._calls().delete_object(Bucket=self._bucket, Key=self._base + key)

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        """List the keys that open with a prefix; see `Store.keys`."""
        check_prefix(prefix)
        check_prefix(start_after)
        found: list[str] = []
        with self._faults():
            while len(found) < limit:
                page = self._calls().list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._base + prefix,
                    StartAfter=self._base + start_after,
                    MaxKeys=min(PAGE, limit - len(found)),
                )
                names = [entry["Key"].removeprefix(self._base) for entry in page.get("Contents", [])]
                # Consoles leave empty objects as folders: no keys of ours.
                found += [name for name in names if is_key(name)]
                if not page["IsTruncated"] or not names:
                    break
                start_after = names[-1]
        return found

    def written(self, key: str) -> datetime.datetime:
        """Return when what is stored under a key was written; see `Store.written`."""
        check_key(key)
        with self._faults():
            head = self._head(key)
        if head is None:
            raise BlobNotFound(key)
        return head["LastModified"]

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        """Return a presigned URL; see `Store.link`."""
        check_key(key)
        check_filename(filename)
        if not 1 <= seconds <= WEEK:
            raise ValueError(f"a link lasts from a second to a week, not {seconds} seconds")
        what = {
            "Bucket": self._bucket,
            "Key": self._base + key,
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
        }
        with self._faults():
            return self._links().generate_presigned_url("get_object", Params=what, ExpiresIn=seconds)

    def _calls(self) -> "S3Client":
        return self._client(self._endpoint)

    def _links(self) -> "S3Client":
        # An explicit endpoint makes links of the bucket's region. Without, botocore signs them for the global
        # one, which redirects for a new bucket of another region and so fails.
        return self._client(self._public_endpoint or self._calls().meta.endpoint_url)

    def _client(self, endpoint: str | None) -> "S3Client":
        """Make a client on first use: it takes a tenth of a second and may look far for credentials."""
        with self._lock:
            if endpoint not in self._clients:
                try:
                    client = Session().client("s3", endpoint_url=endpoint, config=_CONFIG)
                except ValueError as error:
                    raise self._unavailable("its endpoint is no URL") from error
                client.meta.events.register_first("before-send.s3", _stay_behind)
                self._clients[endpoint] = client
            return self._clients[endpoint]

    def _read(self, key: str, max_bytes: int) -> Blob:
        try:
            answer = self._calls().get_object(Bucket=self._bucket, Key=self._base + key)
        except ClientError as error:
            if self._is_absent(key, error):
                raise BlobNotFound(key) from error
            raise
        size = answer["ContentLength"]
        with contextlib.closing(answer["Body"]) as body:
            if size > max_bytes:
                raise BlobTooLarge(key, size=size, max_bytes=max_bytes)
            try:
                data = body.read()
            except _BROKEN_BODY as error:
                raise _BrokenBody from error
        if len(data) != size:
            raise _BrokenBody
        return Blob(data, answer["ETag"])

    def _is_absent(self, key: str, error: ClientError) -> bool:
        """Say whether a read has failed since nothing is stored under the key.

        S3 may answer 403 instead of 404 for an absent object to those who may list only below a prefix.
        """
        if _code(error) not in _HIDDEN:
            return _code(error) in _ABSENT
        try:
            return key not in self.keys(key, limit=1)
        except StoreUnavailable:
            return False

    def _put(self, key: str, data: bytes, content_type: str, condition: Any) -> str | None:
        """Write under a condition, and return the version, or None where the condition does not hold."""
        token = uuid.uuid4().hex
        for attempt in range(CONFLICTS):
            try:
                answer = self._calls().put_object(
                    Bucket=self._bucket,
                    Key=self._base + key,
                    Body=data,
                    ContentType=content_type,
                    Metadata={TOKEN: token},
                    **condition,
                )
            except ClientError as error:
                code = _code(error)
                if code == "ConditionalRequestConflict":  # another write of the key was under way
                    time.sleep(random.uniform(0, 0.05 * (attempt + 1)))
                    continue
                if code in _MISMATCH:
                    sent_again = attempt > 0 or error.response["ResponseMetadata"]["RetryAttempts"] > 0
                    return self._own_version(key, token) if sent_again else None
                if code in _ABSENT:  # what was to be replaced
                    return None
                raise
            return answer["ETag"]
        raise self._unavailable("too many write there at once", passing=True)

    def _own_version(self, key: str, token: str) -> str | None:
        """Return the version of what is stored if an earlier sending of this very write has stored it."""
        head = self._head(key)
        return head["ETag"] if head is not None and head["Metadata"].get(TOKEN) == token else None

    def _head(self, key: str) -> "HeadObjectOutputTypeDef | None":
        """Return what there is to say of what is stored, or None where nothing is."""
        try:
            return self._calls().head_object(Bucket=self._bucket, Key=self._base + key)
        except ClientError as error:
            if self._is_absent(key, error):
                return None
            raise

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn what goes wrong between here and S3 into a problem that says what to do."""
        try:
            yield
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            passing = status >= 500 or status in (408, 409, 429) or _code(error) == "RequestTimeout"
            raise self._unavailable(f"S3 answered {_code(error)}", passing=passing) from error
        except (BotoCoreError, ResponseParserError) as error:
            reason = type(error).__name__
            raise self._unavailable(reason, passing=isinstance(error, _PASSING)) from error

    def _unavailable(self, reason: str, *, passing: bool = False) -> StoreUnavailable:
        advice = "try again" if passing else "check the bucket, its region, and what the credentials permit"
        message = f"the store {self.description} (SOM_STORE) cannot be used: {reason}; {advice}"
        return StoreUnavailable(message, retry_after=RETRY_AFTER if passing else None)


class _BrokenBody(Exception):  # noqa: N818
    """A body that ended early or came damaged."""


def _stay_behind(**_: object) -> None:
    """Send nothing that nobody waits for any more: a deletion, say, that comes minutes late."""
    if is_abandoned():
        raise StoreUnavailable("nobody waits for the answer")


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
