"""Every storage there is, each of its own and empty."""

import itertools
from collections.abc import AsyncIterator, Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from edgemeter_server.artifacts.local_storage import InlineStorage, LocalStorage
from edgemeter_server.artifacts.s3_storage import S3Storage
from edgemeter_server.artifacts.storage import Storage

_buckets = itertools.count()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A service that speaks S3 over a real socket."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    bucket = f"bucket{next(_buckets)}"
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=bucket)
    client.close()
    return f"s3://{bucket}/some/prefix"


@pytest.fixture(params=["local", "inline", "s3"])
async def storage(request: pytest.FixtureRequest, tmp_path) -> AsyncIterator[Storage]:
    match request.param:
        case "local":
            opened: Storage = LocalStorage(tmp_path)
        case "inline":
            opened = InlineStorage(tmp_path)
        case _:
            endpoint = request.getfixturevalue("s3_endpoint")
            opened = S3Storage(request.getfixturevalue("s3_url"), tmp_path / "incoming", endpoint)
    yield opened
    await opened.close()
