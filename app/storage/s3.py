"""A store in an S3 bucket. The only storage module that imports boto3; imported on first use.

Creating and replacing are conditional writes (``If-None-Match: *`` and ``If-Match``), so S3 resolves
conflicts. A write whose response is lost is retried and conflicts with itself; a token detects that.
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
    Store,
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

#: Seconds after which a caller may retry a call that botocore has retried without success.
RETRY_AFTER = 5
#: Attempts of a conditional write while other requests write the same key.
CONFLICTS = 10
#: Attempts to read a body: botocore retries requests, but not incomplete bodies.
READS = 2
WEEK = 7 * 24 * 3600
PAGE = 1000
TOKEN = "write"

#: A call to a server that does not respond fails after about 20 seconds, before a gateway's timeout.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",  # links with the older signature work in old regions only
    max_pool_connections=32,
)
_BROKEN_BODY = (FlexibleChecksumError, HTTPClientError, IncompleteReadError)
_TRANSIENT = (*_BROKEN_BODY, BotoConnectionError, ResponseParserError)
_ABSENT = {"404", "NoSuchKey", "NotFound"}
_FORBIDDEN = {"403", "AccessDenied"}
_MISMATCH = {"412", "PreconditionFailed"}


class S3Store(Store):
    """Stores blobs as objects of a bucket, below a prefix.

    boto3 finds the credentials and the region.

    Parameters
    ----------
    prefix : str
        The prefix of the keys, without a final slash; ``""`` for the whole bucket.
    endpoint : str, optional
        URL of an S3 server other than Amazon's.
    public_endpoint : str, optional
        URL of the server in download links; the endpoint by default.
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
        """Return a blob; see `Store.read`."""
        check_key(key)
        with self._translated_errors():
            for _ in range(READS):
                with contextlib.suppress(_BrokenBody):
                    return self._read(key, max_bytes)
        raise self._unavailable("its response is incomplete", retry=True)

    def create(self, key: str, data: bytes, *, content_type: str) -> bool:
        """Store a blob under an unused key; see `Store.create`."""
        check_key(key)
        with self._translated_errors():
            return self._put(key, data, content_type, {"IfNoneMatch": "*"}) is not None

    def replace(self, key: str, data: bytes, *, version: str, content_type: str) -> str:
        """Replace a blob that has not changed; see `Store.replace`."""
        check_key(key)
        with self._translated_errors():
            new = self._put(key, data, content_type, {"IfMatch": version})
        if new is None:
            raise BlobChanged(key)
        return new

    def delete(self, key: str) -> None:
        """Remove a blob; see `Store.delete`."""
        check_key(key)
        with self._translated_errors():
            self._calls().delete_object(Bucket=self._bucket, Key=self._base + key)

    def keys(self, prefix: str, *, start_after: str = "", limit: int = 1000) -> list[str]:
        """List the keys that begin with a prefix; see `Store.keys`."""
        check_prefix(prefix)
        check_prefix(start_after)
        found: list[str] = []
        with self._translated_errors():
            while len(found) < limit:
                page = self._calls().list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._base + prefix,
                    StartAfter=self._base + start_after,
                    MaxKeys=min(PAGE, limit - len(found)),
                )
                names = [entry["Key"].removeprefix(self._base) for entry in page.get("Contents", [])]
                # Consoles create empty objects as folders, which are not valid keys.
                found += [name for name in names if is_key(name)]
                if not page["IsTruncated"] or not names:
                    break
                start_after = names[-1]
        return found

    def written(self, key: str) -> datetime.datetime:
        """Return when a blob was written; see `Store.written`."""
        check_key(key)
        with self._translated_errors():
            head = self._head(key)
        if head is None:
            raise BlobNotFound(key)
        return head["LastModified"]

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        """Return a presigned URL; see `Store.link`."""
        check_key(key)
        check_filename(filename)
        if not 1 <= seconds <= WEEK:
            raise ValueError(f"a link must be valid for 1 second to 1 week, got {seconds} seconds")
        target = {
            "Bucket": self._bucket,
            "Key": self._base + key,
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
        }
        with self._translated_errors():
            return self._links().generate_presigned_url("get_object", Params=target, ExpiresIn=seconds)

    def _calls(self) -> "S3Client":
        return self._client(self._endpoint)

    def _links(self) -> "S3Client":
        # With an explicit endpoint, links use the bucket's region. Otherwise botocore signs them for the
        # global endpoint, which redirects for new buckets of other regions, so the signature fails.
        return self._client(self._public_endpoint or self._calls().meta.endpoint_url)

    def _client(self, endpoint: str | None) -> "S3Client":
        """Return the client of an endpoint, made on first use: it takes 0.1 s and may request credentials."""
        with self._lock:
            if endpoint not in self._clients:
                try:
                    client = Session().client("s3", endpoint_url=endpoint, config=_CONFIG)
                except ValueError as error:
                    raise self._unavailable("its endpoint is not a URL") from error
                client.meta.events.register_first("before-send.s3", _cancel_abandoned)
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
        """Return whether a read has failed because nothing is stored under the key.

        S3 may answer 403 instead of 404 when the credentials may list only below a prefix.
        """
        if _code(error) not in _FORBIDDEN:
            return _code(error) in _ABSENT
        try:
            return key not in self.keys(key, limit=1)
        except StoreUnavailable:
            return False

    def _put(self, key: str, data: bytes, content_type: str, condition: Any) -> str | None:
        """Write conditionally, and return the version, or None when the condition does not hold."""
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
                if code == "ConditionalRequestConflict":  # a concurrent write of the key
                    time.sleep(random.uniform(0, 0.05 * (attempt + 1)))
                    continue
                if code in _MISMATCH:
                    sent_again = attempt > 0 or error.response["ResponseMetadata"]["RetryAttempts"] > 0
                    return self._own_version(key, token) if sent_again else None
                if code in _ABSENT:  # there is nothing to replace
                    return None
                raise
            return answer["ETag"]
        raise self._unavailable("too many concurrent writes", retry=True)

    def _own_version(self, key: str, token: str) -> str | None:
        """Return the version of the stored object if an earlier attempt of this write has stored it."""
        head = self._head(key)
        return head["ETag"] if head is not None and head["Metadata"].get(TOKEN) == token else None

    def _head(self, key: str) -> "HeadObjectOutputTypeDef | None":
        """Return the metadata of an object, or None when there is none."""
        try:
            return self._calls().head_object(Bucket=self._bucket, Key=self._base + key)
        except ClientError as error:
            if self._is_absent(key, error):
                return None
            raise

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Raise errors of S3 as `StoreUnavailable`, with a remedy."""
        try:
            yield
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            retry = status >= 500 or status in (408, 409, 429) or _code(error) == "RequestTimeout"
            raise self._unavailable(f"S3 answered {_code(error)}", retry=retry) from error
        except (BotoCoreError, ResponseParserError) as error:
            reason = type(error).__name__
            raise self._unavailable(reason, retry=isinstance(error, _TRANSIENT)) from error

    def _unavailable(self, reason: str, *, retry: bool = False) -> StoreUnavailable:
        advice = "try again" if retry else "check the bucket, its region and the credentials' permissions"
        message = f"the store {self.description} (SOM_STORE) cannot be used: {reason}; {advice}"
        return StoreUnavailable(message, retry_after=RETRY_AFTER if retry else None)


class _BrokenBody(Exception):  # noqa: N818
    """A body is incomplete or damaged."""


def _cancel_abandoned(**_: object) -> None:
    """Refuse to send an abandoned call: a deletion must not take effect minutes later."""
    if is_abandoned():
        raise StoreUnavailable("the call was abandoned")


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
