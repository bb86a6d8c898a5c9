"""the way back to running: where a runner stepped on the ladder, and which runs kept to its step"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{referred}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "ladder_entries",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("problem_id", _id(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("tendon", sa.Boolean(), nullable=False),
        sa.Column("old_long_m", sa.Float(), nullable=True),
        sa.Column("old_fast_m", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of("ladder_entries", "athlete_id", "athletes"),
        _of("ladder_entries", "problem_id", "symptom_reports"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_entries")),
    )
    op.create_index("ix_ladder_entries_athlete_id_problem_id", "ladder_entries", ["athlete_id", "problem_id"])
    op.create_table(
        "ladder_kept",
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("problem_id", _id(), nullable=False),
        sa.Column("run_id", _id(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of("ladder_kept", "athlete_id", "athletes"),
        _of("ladder_kept", "problem_id", "symptom_reports"),
        _of("ladder_kept", "run_id", "runs"),
        sa.PrimaryKeyConstraint("athlete_id", "problem_id", "run_id", name=op.f("pk_ladder_kept")),
    )
    op.create_index("ix_ladder_kept_run_id", "ladder_kept", ["run_id"])


def downgrade() -> None:
    op.drop_table("ladder_kept")
    op.drop_table("ladder_entries")
