"""What searches ask for, as a sketch. Only a new table: nothing that was there changes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "query_sketches",
        sa.Column("project_id", KEY, autoincrement=False, nullable=False),
        sa.Column("target_id", KEY, autoincrement=False, nullable=False),
        sa.Column("builds", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_query_sketches_project_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_query_sketches_target_id"),
        sa.PrimaryKeyConstraint("project_id", "target_id", "builds", name="pk_query_sketches"),
    )
