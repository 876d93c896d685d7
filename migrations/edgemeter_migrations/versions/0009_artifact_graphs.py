"""Graphs of networks, for predictions by their kernels. Only a new table: nothing that was there changes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "artifact_graphs",
        sa.Column("artifact_id", KEY, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("refused", sa.Text()),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_artifact_graphs_artifact_id"),
        sa.PrimaryKeyConstraint("artifact_id", name="pk_artifact_graphs"),
    )
