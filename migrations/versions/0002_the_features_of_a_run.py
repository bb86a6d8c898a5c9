"""the features of a run"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("athletes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("five_k_s", sa.Integer(), nullable=True))

    op.create_table(
        "run_features",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("moving_s", sa.Float(), nullable=True),
        sa.Column("altitude_quality", sa.String(length=10), nullable=False),
        sa.Column("ascent_m", sa.Float(), nullable=True),
        sa.Column("descent_m", sa.Float(), nullable=True),
        sa.Column("eccentric_load_m", sa.Float(), nullable=True),
        sa.Column("flat_equivalent_m", sa.Float(), nullable=True),
        sa.Column("hill_share", sa.Float(), nullable=True),
        sa.Column("hill_reps", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("easy_speed_m_s", sa.Float(), nullable=True),
        sa.Column("best_20s_m_s", sa.Float(), nullable=True),
        sa.Column("speed_profile_m", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reps", sa.JSON(), nullable=False),
        sa.Column("track", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_features_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_features")),
    )
    with op.batch_alter_table("day_totals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("descent_m", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("eccentric_load_m", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("track_m", sa.Float(), nullable=True))

    with op.batch_alter_table("fetch_jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("history_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("limited_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_fetch_jobs_history_at"), ["history_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_fetch_jobs_limited_until"), ["limited_until"], unique=False)

    # Until now a run taken over from the list was marked like one whose samples were sought in vain.
    op.execute(
        """
        UPDATE runs SET streams = CASE
            WHEN sport IN ('Run', 'TrailRun', 'VirtualRun') AND NOT is_manual THEN 'listed' ELSE 'none' END
        WHERE streams = 'missing'
        """
    )


def downgrade() -> None:
    op.execute("UPDATE runs SET streams = 'missing' WHERE streams = 'listed'")
    with op.batch_alter_table("fetch_jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fetch_jobs_limited_until"))
        batch_op.drop_index(batch_op.f("ix_fetch_jobs_history_at"))
        batch_op.drop_column("limited_until")
        batch_op.drop_column("history_at")

    with op.batch_alter_table("day_totals", schema=None) as batch_op:
        batch_op.drop_column("track_m")
        batch_op.drop_column("eccentric_load_m")
        batch_op.drop_column("descent_m")

    op.drop_table("run_features")
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("five_k_s")
