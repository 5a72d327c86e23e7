"""A real S3 server: SeaweedFS, with credentials, on this machine."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.docker import HOST
from tests.e2e.processes import free_port, listens, process
from tests.waiting import eventually

BUCKET = "kohonen-models"
KEY, SECRET, REGION = "end-to-end", "not-a-secret", "us-east-1"
WEED = Path(sys.executable).with_name("weed")


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the server is, and the bucket in it."""

    port: int
    bucket: str = BUCKET

    @property
    def environment(self) -> dict[str, str]:
        """What a container needs to use it as if it were Amazon's."""
        return {
            "AWS_ENDPOINT_URL_S3": f"http://{HOST}:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
        }

    def options(self, prefix: str) -> list[str]:
        """Return the options of `docker run` for a service whose store is a prefix of the bucket."""
        variables = {**self.environment, "SOM_STORE": f"s3://{self.bucket}/{prefix}"}
        return [f"--env={name}={value}" for name, value in variables.items()]

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name=REGION,
            config=Config(connect_timeout=60, read_timeout=60, retries={"total_max_attempts": 1}),
        )

    def has(self, prefix: str, model_id: str) -> bool:
        """Say whether a store under a prefix of the bucket has a model."""
        found = self.client().list_objects_v2(Bucket=self.bucket, Prefix=f"{prefix}/").get("Contents", [])
        return any(entry["Key"].endswith(f"/models/{model_id}/card.json") for entry in found)


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Run the server until the block ends; it has written once already, since the first write takes long."""
    identity = {
        "name": "end-to-end",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    # Beside each port it takes another one, 10,000 further, for its own parts to talk.
    ports = {part: free_port(beside=10_000) for part in ("master", "volume", "filer", "s3")}
    command: list[str | Path] = [
        WEED,
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=0.0.0.0",  # containers come from the bridge
        "-s3",
        f"-s3.config={config}",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=20",
        # What it would do beside S3, on ports that are the same for all, and report to others.
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        *(f"-{part}.port={port}" for part, port in ports.items()),
    ]
    server = S3Server(ports["s3"])
    with process(command, log=folder / "log", cwd=folder, ready=lambda: listens(server.port), gently=False):
        _prepare(server)
        yield server


def _prepare(server: S3Server) -> None:
    faults: list[Exception] = []

    def is_written() -> bool:
        try:
            client = server.client()
            client.create_bucket(Bucket=server.bucket)
            client.put_object(Bucket=server.bucket, Key="first", Body=b"write")
        except (BotoCoreError, ClientError) as error:
            faults.append(error)
            return False
        return True

    eventually(is_written, why=lambda: faults[-1])
