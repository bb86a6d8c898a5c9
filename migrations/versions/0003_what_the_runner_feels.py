"""what the runner feels"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of_athlete(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_athlete_id")
    return sa.ForeignKeyConstraint(["athlete_id"], ["athletes.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "symptom_reports",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("client_key", sa.String(length=200), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=True),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("pain_run", sa.Integer(), nullable=True),
        sa.Column("pain_today", sa.Integer(), nullable=True),
        sa.Column("pain_morning", sa.Integer(), nullable=True),
        sa.Column("qualities", sa.JSON(), nullable=False),
        sa.Column("onset", sa.String(length=20), nullable=True),
        sa.Column("aggravators", sa.JSON(), nullable=False),
        sa.Column("signs", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_athlete("symptom_reports"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_symptom_reports")),
        sa.UniqueConstraint("athlete_id", "client_key", name=op.f("uq_symptom_reports_athlete_id_client_key")),
    )
    op.create_index("ix_symptom_reports_athlete_id_at", "symptom_reports", ["athlete_id", "at"])
    op.create_table(
        "risk_profiles",
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("injuries", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of_athlete("risk_profiles"),
        sa.PrimaryKeyConstraint("athlete_id", name=op.f("pk_risk_profiles")),
    )
    op.create_table(
        "weekly_questionnaires",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("iso_week", sa.String(length=10), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("participation", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("performance", sa.Integer(), nullable=False),
        sa.Column("pain", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of_athlete("weekly_questionnaires"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_questionnaires")),
        sa.UniqueConstraint("athlete_id", "iso_week", name=op.f("uq_weekly_questionnaires_athlete_id_iso_week")),
    )
    op.create_table(
        "rehab_sessions",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("problem_id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("exercises", sa.JSON(), nullable=False),
        sa.Column("pain_during", sa.Integer(), nullable=False),
        sa.Column("pain_next_morning", sa.Integer(), nullable=True),
        sa.Column("signs", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_athlete("rehab_sessions"),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["symptom_reports.id"], name=op.f("fk_rehab_sessions_problem_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehab_sessions")),
        sa.UniqueConstraint(
            "athlete_id", "problem_id", "at", name=op.f("uq_rehab_sessions_athlete_id_problem_id_at")
        ),
    )
    op.create_index("ix_rehab_sessions_problem_id", "rehab_sessions", ["problem_id"])
    op.create_table(
        "problem_events",
        sa.Column("id", _id(), nullable=False),
        sa.Column("athlete_id", _id(), nullable=False),
        sa.Column("problem_id", _id(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        _of_athlete("problem_events"),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["symptom_reports.id"], name=op.f("fk_problem_events_problem_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_events")),
    )
    op.create_index("ix_problem_events_athlete_id_problem_id", "problem_events", ["athlete_id", "problem_id"])


def downgrade() -> None:
    for table in ("problem_events", "rehab_sessions", "weekly_questionnaires", "risk_profiles", "symptom_reports"):
        op.drop_table(table)
