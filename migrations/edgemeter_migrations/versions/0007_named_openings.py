"""Openings of agents' sessions have names: the same again is the same session, a late one is none."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("agent_sessions", sa.Column("opening_id", sa.LargeBinary(16)))
    op.create_index("ix_agent_sessions_device_id_id", "agent_sessions", ["device_id", "id"])
