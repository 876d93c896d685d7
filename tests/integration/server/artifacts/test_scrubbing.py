"""Bytes are what their name says, or it is told."""

import asyncio
from pathlib import Path

import pytest

from edgemeter_server.artifacts.scrubbing import Scrubbed, scrub

on_sqlite = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
async def files(submitter, upload, another):
    return [(await upload(submitter, another(number))).json()["sha256"] for number in range(3)]


def place_of(services, sha256):
    (place,) = Path(services.settings.data_folder).rglob(sha256)
    return place


async def test_all_is_well(services, files):
    assert await scrub(services.database, services.storage) == Scrubbed(3, (), (), ())


@on_sqlite
async def test_every_flipped_bit_is_found(services, files):
    place = place_of(services, files[1])
    content = place.read_bytes()
    for position in range(0, 8 * len(content), 7):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        place.write_bytes(flipped)
        found = await scrub(services.database, services.storage)
        assert (found.changed, found.sound) == ((files[1],), False)


async def test_what_is_cut_short_or_gone_or_unknown_is_told(services, files):
    place_of(services, files[0]).write_bytes(b"")
    place_of(services, files[1]).unlink()
    async with services.storage.draft() as draft:
        await draft.write(b"stray")
        await draft.commit()

    found = await scrub(services.database, services.storage)

    assert found == Scrubbed(3, (files[0],), (files[1],), (draft.sha256,))


@on_sqlite
async def test_uploading_it_again_heals_it(services, files, submitter, upload, another, address_of):
    place_of(services, files[2]).write_bytes(b"spoilt")

    assert (await upload(submitter, another(2))).status_code == 200

    assert (await scrub(services.database, services.storage)).sound
    assert (await submitter.get(address_of(another(2), "/content"))).content == another(2)


async def test_beside_uploads_and_deletes(services, files, submitter, upload, another):
    await asyncio.gather(
        *(upload(submitter, another(number)) for number in range(3, 9)),
        *(scrub(services.database, services.storage) for _ in range(5)),
    )

    assert await scrub(services.database, services.storage) == Scrubbed(9, (), (), ())
