"""Recipes, campaigns and imported tables. Only new tables: nothing that was there changes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
US = sa.BigInteger()


def upgrade() -> None:
    _recipes()
    _session_builds()
    _campaigns()
    _campaign_targets()
    _campaign_items()
    _imports()
    _imported_values()


def _recipes() -> None:
    op.create_table(
        "recipes",
        sa.Column("artifact_id", KEY, nullable=False, autoincrement=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("precision", sa.String(8), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(32)),
        sa.Column("file_bytes", sa.BigInteger()),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_recipes_artifact_id"),
        sa.PrimaryKeyConstraint("artifact_id", name="pk_recipes"),
    )
    op.create_index("ix_recipes_builds_kind", "recipes", ["builds", "kind"])


def _session_builds() -> None:
    op.create_table(
        "session_builds",
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["agent_sessions.id"], name="fk_session_builds_session_id"),
        sa.PrimaryKeyConstraint("session_id", "builds", name="pk_session_builds"),
    )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.Column("ended_us", US),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_campaigns_project_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_campaigns_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_campaigns_project_id_id", "campaigns", ["project_id", "id"])


def _campaign_targets() -> None:
    op.create_table(
        "campaign_targets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("slug", sa.String(160), nullable=False),
        sa.Column("target_id", KEY),
        sa.Column("contexts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_targets_campaign_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_campaign_targets_target_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_targets"),
        sa.UniqueConstraint("campaign_id", "slug", name="uq_campaign_targets_campaign_id_slug"),
        sqlite_autoincrement=True,
    )


def _campaign_items() -> None:
    op.create_table(
        "campaign_items",
        sa.Column("campaign_target_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("artifact_id", KEY, nullable=False),
        sa.Column("request_id", KEY),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_campaign_items_artifact_id"),
        sa.ForeignKeyConstraint(
            ["campaign_target_id"], ["campaign_targets.id"], name="fk_campaign_items_campaign_target_id"
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_campaign_items_request_id"),
        sa.PrimaryKeyConstraint("campaign_target_id", "position", name="pk_campaign_items"),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.Column("license", sa.String(200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_imports_project_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_imports_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.UniqueConstraint("project_id", "content_sha256", name="uq_imports_project_id_content_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_imports_builds", "imports", ["builds"])


def _imported_values() -> None:
    op.create_table(
        "imported_values",
        sa.Column("import_id", KEY, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("metric", sa.String(64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_imported_values_import_id"),
        sa.PrimaryKeyConstraint("import_id", "row", name="pk_imported_values"),
    )
    op.create_index("ix_imported_values_import_id_device", "imported_values", ["import_id", "device"])
