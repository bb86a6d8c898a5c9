"""alerts on check-ins, snoozes, feedback, quiet hours"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("athletes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sensitivity", sa.String(length=10), nullable=False, server_default="balanced"))
        batch_op.add_column(sa.Column("quiet_from", sa.Integer(), nullable=False, server_default="21"))
        batch_op.add_column(sa.Column("quiet_to", sa.Integer(), nullable=False, server_default="7"))

    # Column by column: a table that is copied takes its transitions along into nothing.
    op.drop_index("ix_alerts_athlete_id_run_start", "alerts")
    op.drop_index("ix_alerts_state_expires_at", "alerts")
    op.execute("ALTER TABLE alerts RENAME COLUMN run_start TO at")
    op.execute("ALTER TABLE alerts RENAME COLUMN expires_at TO spent_at")
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("report_id", _id(), nullable=True))
        batch_op.add_column(sa.Column("problem_id", _id(), nullable=True))
        batch_op.add_column(sa.Column("symptom_level", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("settled", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("feedback", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("feedback_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE alerts SET expires_at = spent_at")
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("spent_at")
    op.create_index("ix_alerts_state_expires_at", "alerts", ["state", "expires_at"])
    op.create_index("ix_alerts_athlete_id_at", "alerts", ["athlete_id", "at"])

    op.create_table(
        "alert_wishes",
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("dedup_key", sa.String(length=60), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_severity", sa.Integer(), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_muted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["athlete_id"], ["athletes.id"], name=op.f("fk_alert_wishes_athlete_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("athlete_id", "dedup_key", name=op.f("pk_alert_wishes")),
    )
    op.create_table(
        "planned_days",
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["athlete_id"], ["athletes.id"], name=op.f("fk_planned_days_athlete_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("athlete_id", "local_date", name=op.f("pk_planned_days")),
    )
    # Until now an alert was resolved by running out of time alone.
    op.execute("UPDATE alerts SET state = 'expired' WHERE state = 'resolved'")
    op.execute("UPDATE alert_transitions SET to_state = 'expired' WHERE to_state = 'resolved'")
    op.execute("UPDATE alert_transitions SET from_state = 'expired' WHERE from_state = 'resolved'")


def downgrade() -> None:
    # What only the newer program understands goes.
    op.execute("DELETE FROM alerts WHERE report_id IS NOT NULL OR expires_at IS NULL")
    op.execute("UPDATE alerts SET state = 'resolved' WHERE state = 'expired'")
    op.execute("UPDATE alerts SET state = 'acknowledged' WHERE state IN ('snoozed', 'monitoring')")
    op.execute("UPDATE alert_transitions SET to_state = 'resolved' WHERE to_state = 'expired'")
    op.execute("UPDATE alert_transitions SET from_state = 'resolved' WHERE from_state = 'expired'")
    op.drop_table("planned_days")
    op.drop_table("alert_wishes")
    op.drop_index("ix_alerts_athlete_id_at", "alerts")
    op.drop_index("ix_alerts_state_expires_at", "alerts")
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        for column in ("feedback_at", "feedback", "ask_at", "settled", "symptom_level", "problem_id", "report_id"):
            batch_op.drop_column(column)
        batch_op.add_column(
            sa.Column(
                "spent_at", sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00+00:00"
            )
        )
    op.execute("UPDATE alerts SET spent_at = expires_at")
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("expires_at")
    op.execute("ALTER TABLE alerts RENAME COLUMN spent_at TO expires_at")
    op.execute("ALTER TABLE alerts RENAME COLUMN at TO run_start")
    op.create_index("ix_alerts_state_expires_at", "alerts", ["state", "expires_at"])
    op.create_index("ix_alerts_athlete_id_run_start", "alerts", ["athlete_id", "run_start"])
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        for column in ("quiet_to", "quiet_from", "sensitivity"):
            batch_op.drop_column(column)
