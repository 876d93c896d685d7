"""What a bucket adds to the contract: a service that is away, or refuses."""

import pytest

from edgemeter_server.artifacts.s3_storage import S3Storage
from edgemeter_server.artifacts.storage import StorageUnavailableError


async def test_a_bucket_that_is_not_there_is_told_without_its_address(s3_url, s3_endpoint, tmp_path):
    storage = S3Storage("s3://absent/prefix", tmp_path, s3_endpoint)
    async with storage.draft() as draft:
        await draft.write(b"network")
        with pytest.raises(StorageUnavailableError) as refused:
            await draft.commit()
    assert s3_endpoint not in str(refused.value)
    assert "absent" not in str(refused.value)
    assert list(tmp_path.rglob("draft-*")) == []
    await storage.close()


async def test_two_prefixes_of_a_bucket_are_two_storages(s3_url, s3_endpoint, tmp_path):
    first = S3Storage(s3_url, tmp_path, s3_endpoint)
    second = S3Storage(f"{s3_url}/inner", tmp_path, s3_endpoint)
    async with second.draft() as draft:
        await draft.write(b"network")
        await draft.commit()

    assert not await first.exists(draft.sha256)
    assert [name async for name in first.names()] == []
    assert [name async for name in second.names()] == [draft.sha256]
    for storage in (first, second):
        await storage.close()
