"""mails that are claimed for a time, dropped or uncertain; addresses that are refused, and ways that are down"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("delayed_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("may_have_left", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("words", sa.JSON(none_as_null=True), nullable=True))
    op.drop_index("ix_outbox_state_next_attempt_at", "outbox")
    op.create_index("ix_outbox_state_priority_next_attempt_at", "outbox", ["state", "priority", "next_attempt_at"])
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("mail_refused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("mail_refused_why", sa.Text(), nullable=True))
    op.create_table(
        "ways",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("down_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ways")),
    )
    outbox = sa.table("outbox", *map(sa.column, ("kind", "state", "subject", "athlete_id", "priority")))
    alerts = sa.table("alerts", *map(sa.column, ("id", "athlete_id", "severity")))
    left = sa.table("outbox", sa.column("state"), sa.column("may_have_left", sa.Boolean()))
    op.execute(left.update().where(left.c.state == "claimed").values(state="uncertain", may_have_left=True))
    op.execute(outbox.update().where(outbox.c.kind == "weekly").values(priority=2))
    red = sa.exists().where(
        alerts.c.athlete_id == outbox.c.athlete_id,
        alerts.c.severity >= 4,
        sa.cast(alerts.c.id, sa.String) == outbox.c.subject,
    )
    is_red = sa.or_(outbox.c.kind == "again", sa.and_(outbox.c.kind == "alert", red))
    op.execute(outbox.update().where(is_red).values(priority=0))


def downgrade() -> None:
    outbox = sa.table("outbox", sa.column("state"))
    op.execute(outbox.update().where(outbox.c.state.in_(["sending", "uncertain"])).values(state="claimed"))
    op.drop_table("ways")
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("mail_refused_why")
        batch_op.drop_column("mail_refused_at")
    op.drop_index("ix_outbox_state_priority_next_attempt_at", "outbox")
    op.create_index("ix_outbox_state_next_attempt_at", "outbox", ["state", "next_attempt_at"])
    with op.batch_alter_table("outbox", schema=None, recreate="never") as batch_op:
        for column in ("words", "dropped_at", "may_have_left", "delayed_since", "lease_until", "priority"):
            batch_op.drop_column(column)
