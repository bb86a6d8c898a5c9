"""what was awaited when an alert was judged, and how the pushes and the history stand"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("gap", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("strava_connections", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("backfill_page", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("backfill_after", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "subscription_checks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_checks")),
    )


def downgrade() -> None:
    op.drop_table("subscription_checks")
    with op.batch_alter_table("strava_connections", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("backfill_after")
        batch_op.drop_column("backfill_page")
    with op.batch_alter_table("alerts", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("gap")
