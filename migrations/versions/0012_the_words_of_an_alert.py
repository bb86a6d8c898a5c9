"""how words that are stored were made, so that they can be said in another language"""

import sqlalchemy as sa
from alembic import op

TABLES = ("alerts", "alert_transitions", "uploads", "archives")

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, schema=None, recreate="never") as batch_op:
            batch_op.add_column(sa.Column("words", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    for table in reversed(TABLES):
        with op.batch_alter_table(table, schema=None, recreate="never") as batch_op:
            batch_op.drop_column("words")
