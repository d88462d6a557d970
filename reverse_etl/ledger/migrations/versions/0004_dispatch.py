"""Dependencies between corrections, control and health of instances, and which run made an attempt."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the frozen statements of this database's dialect, which stand apart by blank lines."""
    connection = op.get_bind()
    script = Path(__file__).parent / f"0004_dispatch_{connection.dialect.name}.sql"
    for statement in script.read_text(encoding="utf-8").split("\n\n"):
        connection.execute(sa.DDL(statement.strip().replace("%", "%%")))
