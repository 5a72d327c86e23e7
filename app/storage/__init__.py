"""Stores of blobs: one port, and adapters for a folder, a bucket and memory.

`port` defines the interface; `open_store` makes the store that the setting ``SOM_STORE`` names.
"""

import re
from functools import partial

from app.storage.lazy import lazy
from app.storage.port import Store, is_key

__all__ = ["open_store"]

_FORMS = "file:FOLDER (such as file:./models or file:/data), s3://BUCKET/PREFIX, or memory:"
_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")


def open_store(url: str, *, endpoint: str | None = None, public_endpoint: str | None = None) -> Store:
    """Make the store that a URL names, without any access to it; raise `ValueError` for any other URL.

    Parameters
    ----------
    url : str
        ``memory:``; ``file:FOLDER``, relative to the working directory or absolute (``file:///data`` too);
        ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``.
    endpoint : str, optional
        URL of an S3 server other than Amazon's. The AWS SDK's ``AWS_ENDPOINT_URL_S3`` does the same.
    public_endpoint : str, optional
        URL of the S3 server in download links, if it differs from the endpoint.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "memory" and colon and not rest:
        from app.storage.memory import MemoryStore

        return MemoryStore()
    if scheme == "file" and (folder := rest.removeprefix("//") if rest.startswith("///") else rest):
        # A path that begins with two slashes would name a host.
        if not folder.startswith("//") and "\0" not in folder:
            from app.storage.folder import FolderStore

            return FolderStore(folder)
    elif match := _S3.fullmatch(url):
        prefix = (match["prefix"] or "").rstrip("/")
        if not prefix or is_key(prefix):
            return lazy(partial(_bucket, match["bucket"], prefix, endpoint, public_endpoint))
    raise ValueError(f"{url[:200]!r} is not a store: use {_FORMS}")


def _bucket(bucket: str, prefix: str, endpoint: str | None, public_endpoint: str | None) -> Store:
    # Imported here: boto3 takes long to import, and many requests need no store.
    from app.storage.s3 import S3Store

    return S3Store(bucket, prefix, endpoint=endpoint, public_endpoint=public_endpoint)
