"""Recipes in the database: once each, owned by those who asked, with the file that was built of them."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, insert, select, update

from edgemeter.wire.recipes import Builds, Recipe
from edgemeter_server.artifacts.tables import ArtifactState, artifacts, project_artifacts
from edgemeter_server.jobs.batches import in_batches, insert_into
from edgemeter_server.jobs.tables import jobs
from edgemeter_server.recipes.tables import recipes, session_builds


class BuiltFile(NamedTuple):
    """What an agent built of a recipe."""

    artifact_id: int
    sha256: bytes
    size_bytes: int


def store(
    connection: Connection, project_id: int, wanted: Iterable[Recipe], now_us: int
) -> dict[Recipe, int]:
    """The artifact ids of recipes, which are the project's from now on. New ones in the order of `wanted`."""
    by_digest = {bytes.fromhex(recipe.sha256()): recipe for recipe in wanted}
    if not by_digest:
        return {}
    ids = _ids(connection, by_digest)
    new = {digest: recipe for digest, recipe in by_digest.items() if digest not in ids}
    if new:
        rows = [_artifact(digest, recipe, now_us) for digest, recipe in new.items()]
        connection.execute(insert_into(connection, artifacts).on_conflict_do_nothing(), rows)
        ids |= _ids(connection, new)
        told = [_recipe(ids[digest], recipe) for digest, recipe in new.items()]
        connection.execute(insert_into(connection, recipes).on_conflict_do_nothing(), told)
    owned = [
        {"project_id": project_id, "artifact_id": ids[digest], "name": recipe.name, "created_us": now_us}
        for digest, recipe in by_digest.items()
    ]
    connection.execute(insert_into(connection, project_artifacts).on_conflict_do_nothing(), owned)
    return {recipe: ids[digest] for digest, recipe in by_digest.items()}


def learn(connection: Connection, files: Collection[BuiltFile]) -> Mapping[int, bytes]:
    """The sha256 of the file of each recipe, by artifact id: what was told first, for ever."""
    if not files:
        return {}
    rows = [
        {"id": file.artifact_id, "sha256": file.sha256, "bytes": file.size_bytes} for file in sorted(files)
    ]
    connection.execute(_LEARN, rows)
    known = select(recipes.c.artifact_id, recipes.c.file_sha256)
    wanted = {file.artifact_id for file in files}
    return {row[0]: row[1] for row in connection.execute(known.where(recipes.c.artifact_id.in_(wanted)))}


def file_sha256(connection: Connection, artifact_id: int) -> bytes | None:
    """None for what is no recipe, or was not built yet."""
    known = select(recipes.c.file_sha256).where(recipes.c.artifact_id == artifact_id)
    return connection.execute(known).scalar()


def store_builds(connection: Connection, session_id: int, builds: Collection[Builds]) -> None:
    if builds:
        rows = [{"session_id": session_id, "builds": each} for each in sorted(set(builds))]
        connection.execute(insert(session_builds), rows)


def can_build(session_id: ColumnElement[int]) -> ColumnElement[bool]:
    """A condition on `jobs`: the session can build the network, where it is one that is built."""
    mine = exists().where(
        session_builds.c.session_id == session_id, session_builds.c.builds == recipes.c.builds
    )
    return ~exists().where(recipes.c.artifact_id == jobs.c.artifact_id, ~mine)


_LEARN = (
    update(recipes)
    .where(recipes.c.artifact_id == bindparam("id"), recipes.c.file_sha256.is_(None))
    .values(file_sha256=bindparam("sha256"), file_bytes=bindparam("bytes"))
)


def _ids(connection: Connection, digests: Collection[bytes]) -> dict[bytes, int]:
    known = select(artifacts.c.sha256, artifacts.c.id)
    return {
        digest: id_
        for some in in_batches(list(digests))
        for digest, id_ in connection.execute(known.where(artifacts.c.sha256.in_(some)))
    }


def _artifact(digest: bytes, recipe: Recipe, now_us: int) -> dict[str, object]:
    return {
        "sha256": digest,
        "size_bytes": 0,
        "format": recipe.format,
        "state": ArtifactState.RECIPE.value,
        "created_us": now_us,
        "touched_us": now_us,
    }


def _recipe(artifact_id: int, recipe: Recipe) -> dict[str, object]:
    return {
        "artifact_id": artifact_id,
        "builds": recipe.builds,
        "kind": recipe.kind.value,
        "text": recipe.text,
        "precision": recipe.precision.value,
        "batch": recipe.batch,
    }
