"""plans and replays"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("thresholds", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "planned_runs",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column("descent_m", sa.Float(), nullable=True),
        sa.Column("fast_m", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["athlete_id"], ["athletes.id"], name=op.f("fk_planned_runs_athlete_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_runs")),
    )
    op.create_index("ix_planned_runs_athlete_id_local_date", "planned_runs", ["athlete_id", "local_date"])
    op.create_table(
        "backtests",
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_of", sa.Text(), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["athlete_id"], ["athletes.id"], name=op.f("fk_backtests_athlete_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("athlete_id", name=op.f("pk_backtests")),
    )
    op.create_index("ix_backtests_next_attempt_at", "backtests", ["next_attempt_at"])


def downgrade() -> None:
    op.drop_table("backtests")
    op.drop_table("planned_runs")
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("thresholds")
