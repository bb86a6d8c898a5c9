"""which recording of a run counts, and archives"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{referred}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def upgrade() -> None:
    with op.batch_alter_table("runs", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("told_apart", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("preferred", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "archives",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sport_if_silent", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("n_entries", sa.Integer(), nullable=True),
        sa.Column("n_taken", sa.Integer(), nullable=False),
        sa.Column("n_left_out", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        _of("archives", "athlete_id", "athletes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archives")),
        sa.UniqueConstraint("athlete_id", "sha256", name=op.f("uq_archives_athlete_id_sha256")),
    )
    op.create_index("ix_archives_next_attempt_at", "archives", ["next_attempt_at"])
    op.create_table(
        "archive_files",
        sa.Column("archive_id", _id(), nullable=False),
        sa.Column("upload_id", _id(), nullable=False),
        _of("archive_files", "archive_id", "archives"),
        _of("archive_files", "upload_id", "uploads"),
        sa.PrimaryKeyConstraint("archive_id", "upload_id", name=op.f("pk_archive_files")),
    )
    op.create_index("ix_archive_files_upload_id", "archive_files", ["upload_id"])


def downgrade() -> None:
    op.drop_table("archive_files")
    op.drop_table("archives")
    with op.batch_alter_table("runs", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("preferred")
        batch_op.drop_column("told_apart")
