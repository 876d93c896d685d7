"""How often a campaign went through what was disturbed on a target, and whether nothing of it is left.

Earlier campaigns are in round one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("campaign_targets", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.add_column(
        "campaign_targets", sa.Column("rounds_over", sa.Boolean(), nullable=False, server_default=sa.false())
    )
