"""Checks held back while a control total does not tie."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the frozen statements of this database's dialect, which stand apart by blank lines."""
    connection = op.get_bind()
    script = Path(__file__).parent / f"0012_holds_{connection.dialect.name}.sql"
    for statement in script.read_text(encoding="utf-8").split("\n\n"):
        connection.execute(sa.DDL(statement.strip().replace("%", "%%")))
