"""What has outlived its retention leaves the ledger by an archive, from the start of the chain."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the frozen statements of this database's dialect, which stand apart by blank lines."""
    connection = op.get_bind()
    script = Path(__file__).parent / f"0011_retention_{connection.dialect.name}.sql"
    for statement in script.read_text(encoding="utf-8").split("\n\n"):
        connection.execute(sa.DDL(statement.strip().replace("%", "%%")))
