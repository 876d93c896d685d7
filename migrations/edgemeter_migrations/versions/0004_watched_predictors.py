"""What a predictor knows, how it fares on what it does not, and why the server fitted it by itself.

Only new tables: nothing that was there changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _beside_predictors("predictor_snapshots", sa.Column("content", sa.LargeBinary(), nullable=False))
    _beside_predictors(
        "predictor_checks",
        sa.Column("measurement_id", KEY, nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("drifted", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text()),
    )
    op.create_table(
        "automatic_fits",
        sa.Column("fit_id", KEY, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fit_id"], ["fits.id"], name="fk_automatic_fits_fit_id"),
        sa.PrimaryKeyConstraint("fit_id", name="pk_automatic_fits"),
    )


def _beside_predictors(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("predictor_id", KEY, autoincrement=False, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["predictor_id"], ["predictors.id"], name=f"fk_{name}_predictor_id"),
        sa.PrimaryKeyConstraint("predictor_id", name=f"pk_{name}"),
    )
