"""Fits and predictors. Only new tables: nothing that was there changes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
US = sa.BigInteger()
_OPEN = sa.text("state IN ('waiting', 'running')")
_ACTIVE = sa.text("active")


def upgrade() -> None:
    _fits()
    _predictors()


def _fits() -> None:
    op.create_table(
        "fits",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("activate", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.Column("expires_us", US),
        sa.Column("ended_us", US),
        sa.Column("failure", sa.Text()),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_fits_project_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_fits_token_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_fits_target_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fits"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_fits_open",
        "fits",
        ["project_id", "target_id", "builds"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_fits_open_id", "fits", ["id"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def _predictors() -> None:
    op.create_table(
        "predictors",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("fit_id", KEY, nullable=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("snapshot_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_predictors_project_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_predictors_target_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["target_revisions.id"], name="fk_predictors_revision_id"),
        sa.ForeignKeyConstraint(["fit_id"], ["fits.id"], name="fk_predictors_fit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_predictors"),
        sa.UniqueConstraint("fit_id", name="uq_predictors_fit_id"),
        sa.UniqueConstraint(
            "project_id",
            "target_id",
            "builds",
            "number",
            name="uq_predictors_project_id_target_id_builds_number",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_predictors_active",
        "predictors",
        ["project_id", "target_id", "builds"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
