"""Which targets' predictors a fit was told to start from. None leaves it to the server."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("fits", sa.Column("sources", sa.Text()))
