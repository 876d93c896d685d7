"""Graphs of files are kept in a smaller form: those of before are read again when somebody asks for one."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("DELETE FROM artifact_graphs")
