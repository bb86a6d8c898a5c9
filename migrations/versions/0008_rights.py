"""withdrawal, renewal by the list, and receipts"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _athlete(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["athlete_id"], ["athletes.id"], name=op.f(f"fk_{table}_athlete_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    with op.batch_alter_table("strava_connections", schema=None, recreate="never") as batch_op:
        for name in ("check_at", "recent_at", "window_at", "unread_since"):
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # Whoever is connected already has the list read at the first occasion.
    connections = sa.table("strava_connections", sa.column("window_at", sa.DateTime(timezone=True)))
    op.execute(connections.update().values(window_at=datetime(2026, 1, 1, tzinfo=UTC)))
    with op.batch_alter_table("runs", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("list_digest", sa.String(length=64), nullable=True))
        batch_op.create_index("ix_runs_source_fetched_at", ["source", "fetched_at"])
    op.create_table(
        "reconciliations",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("n_calls", "n_listed", "n_missed", "n_edited", "n_gone")
        ),
        _athlete("reconciliations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index("ix_reconciliations_athlete_id_at", "reconciliations", ["athlete_id", "at"])
    op.create_table(
        "purge_receipts",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        _athlete("purge_receipts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_receipts")),
    )
    op.create_index("ix_purge_receipts_athlete_id", "purge_receipts", ["athlete_id"])


def downgrade() -> None:
    op.drop_table("purge_receipts")
    op.drop_table("reconciliations")
    with op.batch_alter_table("runs", schema=None, recreate="never") as batch_op:
        batch_op.drop_index("ix_runs_source_fetched_at")
        batch_op.drop_column("list_digest")
    with op.batch_alter_table("strava_connections", schema=None, recreate="never") as batch_op:
        for name in ("unread_since", "window_at", "recent_at", "check_at"):
            batch_op.drop_column(name)
