"""A correction whose approval no longer counts when it is due waits for an approval again."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the frozen statements of this database's dialect, which stand apart by blank lines."""
    connection = op.get_bind()
    script = Path(__file__).parent / f"0013_lapsed_approval_{connection.dialect.name}.sql"
    for statement in script.read_text(encoding="utf-8").split("\n\n"):
        connection.execute(sa.DDL(statement.strip().replace("%", "%%")))
