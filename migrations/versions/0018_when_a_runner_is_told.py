"""day and hour of the weekly summary, questions how it feels, and why an alert did not leave"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ATHLETES = sa.table(
    "athletes",
    sa.column("id", sa.Integer),
    sa.column("timezone", sa.Text),
    sa.column("next_weekly_at", sa.DateTime(timezone=True)),
    sa.column("weekly_week", sa.String),
)


def upgrade() -> None:
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("ask_mails", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("weekly_day", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("weekly_hour", sa.Integer(), nullable=False, server_default="7"))
        batch_op.add_column(sa.Column("weekly_week", sa.String(length=8), nullable=True))
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("ask_due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("untold", sa.JSON(none_as_null=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_alerts_ask_due_at"), ["ask_due_at"], unique=False)
    # Questions whose day is still to come.
    op.execute("UPDATE alerts SET ask_due_at = ask_at WHERE ask_at > CURRENT_TIMESTAMP AND state != 'retracted'")
    connection = op.get_bind()
    weeks = list(_weeks(connection))
    if weeks:
        given = ATHLETES.update().where(ATHLETES.c.id == sa.bindparam("who")).values(weekly_week=sa.bindparam("week"))
        connection.execute(given, weeks)


def _weeks(connection: sa.Connection) -> Iterator[dict[str, object]]:
    """The week that ends before the day on which each athlete's next summary is due."""
    for row in connection.execute(sa.select(ATHLETES).where(ATHLETES.c.next_weekly_at.is_not(None))):
        at: datetime = row.next_weekly_at
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        year, week, _ = (at.astimezone(ZoneInfo(row.timezone)).date() - timedelta(days=7)).isocalendar()
        yield {"who": row.id, "week": f"{year}-W{week:02d}"}


def downgrade() -> None:
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_ask_due_at"))
        batch_op.drop_column("untold")
        batch_op.drop_column("ask_due_at")
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        for column in ("weekly_week", "weekly_hour", "weekly_day", "ask_mails"):
            batch_op.drop_column(column)
