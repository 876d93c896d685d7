"""Agents tell what they do with the leases that they hold: that they wait, above all."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("agent_sessions", sa.Column("doing", sa.String(200)))
    op.add_column("agent_sessions", sa.Column("doing_us", sa.BigInteger))
