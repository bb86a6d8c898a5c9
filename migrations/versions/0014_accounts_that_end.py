"""names of API tokens, receipts of deleted accounts, and sample runners"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("sample_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("api_tokens", schema=None, recreate="never") as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=100), nullable=True))
    op.create_table(
        "account_deletions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_deletions")),
    )


def downgrade() -> None:
    op.drop_table("account_deletions")
    with op.batch_alter_table("api_tokens", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("name")
    with op.batch_alter_table("athletes", schema=None, recreate="never") as batch_op:
        batch_op.drop_column("sample_until")
