"""SuiteQL that can be read to the end: every page starts after the last key of the page before.

A query returns 100,000 rows at most and its offset paging drifts while rows change. A keyset needs neither:
each page is a query of its own, ordered by a unique key, so no row is skipped or read past the cap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Select:
    """One table read in key order.

    columns : result alias -> SuiteQL expression.
    key : aliases whose expressions are unique together, the sort order.
    numeric : the aliases of `key` compared as numbers (NetSuite ids); the others are texts.
    """

    columns: Mapping[str, str]
    table: str
    key: Sequence[str]
    numeric: frozenset[str]
    where: str = ""

    def text(self, after: Sequence[str] | None = None) -> str:
        """The query for the page that follows the row with these key values."""
        listed = ", ".join(f"{sql} AS {alias}" for alias, sql in self.columns.items())
        tests = [f"({test})" for test in (self.where, self._beyond(after)) if test]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        order = ", ".join(self.columns[alias] for alias in self.key)
        return f"SELECT {listed} FROM {self.table}{where} ORDER BY {order}"  # noqa: S608 - our own text

    def _beyond(self, after: Sequence[str] | None) -> str:
        if after is None:
            return ""
        values = [self._operand(alias, value) for alias, value in zip(self.key, after, strict=True)]
        steps = []
        for position, (alias, value) in enumerate(zip(self.key, values, strict=True)):
            same = [
                f"{self.columns[earlier]} = {known}"
                for earlier, known in zip(self.key[:position], values[:position], strict=True)
            ]
            steps.append(" AND ".join([*same, f"{self.columns[alias]} > {value}"]))
        return " OR ".join(f"({step})" for step in steps)

    def _operand(self, alias: str, value: str) -> str:
        return str(int(value)) if alias in self.numeric else literal(value)


def literal(text: str) -> str:
    """A SuiteQL text literal."""
    return "'" + text.replace("'", "''") + "'"
