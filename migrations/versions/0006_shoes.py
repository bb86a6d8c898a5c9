"""shoes"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("gear_id", sa.String(length=40), nullable=True))
    op.create_table(
        "shoes",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("gear_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("told_m", sa.Float(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("worn_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["athlete_id"], ["athletes.id"], name=op.f("fk_shoes_athlete_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shoes")),
        sa.UniqueConstraint("athlete_id", "gear_id", name=op.f("uq_shoes_athlete_id_gear_id")),
        sa.UniqueConstraint("athlete_id", "worn_from", name=op.f("uq_shoes_athlete_id_worn_from")),
    )


def downgrade() -> None:
    op.drop_table("shoes")
    with op.batch_alter_table("runs", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("gear_id")
