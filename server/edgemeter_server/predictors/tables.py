"""fits, automatic_fits, predictors, predictor_snapshots, predictor_checks, query_sketches."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: `builds` names the space and its version; `sources` is JSON of targets' slugs, or None, as in NewFit;
#: `state` is a FitState. A running fit whose `expires_us` has passed was left by a worker that ended: it is
#: taken again; `tries` counts how often it was.
fits = Table(
    "fits",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("token_id", Key, ForeignKey("tokens.id"), nullable=False),
    Column("target_id", Key, ForeignKey("targets.id"), nullable=False),
    Column("builds", String(200), nullable=False),
    Column("model", String(40), nullable=False),
    Column("activate", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_us", Microseconds, nullable=False),
    Column("expires_us", Microseconds),
    Column("ended_us", Microseconds),
    Column("failure", Text),
    Column("sources", Text),
    sqlite_autoincrement=True,
)
_OPEN = text("state IN ('waiting', 'running')")
#: Of two fits of the same at once, one wins and the other is told.
Index(
    "uq_fits_open",
    fits.c.project_id,
    fits.c.target_id,
    fits.c.builds,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
#: What workers look for.
Index("ix_fits_open_id", fits.c.id, sqlite_where=_OPEN, postgresql_where=_OPEN)

#: Immutable but for `active`. `document` is JSON of what only people read; `content` the saved predictor.
predictors = Table(
    "predictors",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("target_id", Key, ForeignKey("targets.id"), nullable=False),
    Column("revision_id", Key, ForeignKey("target_revisions.id"), nullable=False),
    Column("fit_id", Key, ForeignKey("fits.id"), nullable=False, unique=True),
    Column("builds", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("file_sha256", LargeBinary(32), nullable=False),
    Column("snapshot_sha256", LargeBinary(32), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    Column("document", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("project_id", "target_id", "builds", "number"),
    sqlite_autoincrement=True,
)
_ACTIVE = text("active")
Index(
    "uq_predictors_active",
    predictors.c.project_id,
    predictors.c.target_id,
    predictors.c.builds,
    unique=True,
    sqlite_where=_ACTIVE,
    postgresql_where=_ACTIVE,
)

#: Fits that nobody asked for, and why the server began them.
automatic_fits = Table(
    "automatic_fits",
    metadata,
    Column("fit_id", Key, ForeignKey("fits.id"), primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
)

#: Which measurements a version was fitted on and judged by, see known.py. Versions of old have none.
predictor_snapshots = Table(
    "predictor_snapshots",
    metadata,
    Column("predictor_id", Key, ForeignKey("predictors.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

#: How an active version fares on later measurements, see watching.py. All up to `measurement_id` were looked
#: at; `unknown` were new when they were last compared; `document` is JSON of a Drift, None before the first.
predictor_checks = Table(
    "predictor_checks",
    metadata,
    Column("predictor_id", Key, ForeignKey("predictors.id"), primary_key=True, autoincrement=False),
    Column("measurement_id", Key, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("drifted", Boolean, nullable=False),
    Column("document", Text),
)

#: Some of the architectures that were asked for, as rows of codes, see asked.py.
query_sketches = Table(
    "query_sketches",
    metadata,
    Column("project_id", Key, ForeignKey("projects.id"), primary_key=True, autoincrement=False),
    Column("target_id", Key, ForeignKey("targets.id"), primary_key=True, autoincrement=False),
    Column("builds", String(200), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("updated_us", Microseconds, nullable=False),
)
