"""WHERE of a query. SOQL is two-valued: `!=` and `NOT IN` keep nulls, a negation never yields unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlglot import exp

from sandbox.simulators.salesforce.fields import NUMERIC_TYPES, TEXT_TYPES, SField
from sandbox.simulators.salesforce.soql.dialect import SoqlError
from sandbox.simulators.salesforce.soql.literals import Span, value_of

_ORDERED: dict[type[exp.Expression], str] = {exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}


class FilterCompiler:
    """Turns one condition tree into SQL; bound values collect in `parameters` in order."""

    def __init__(
        self,
        resolve: Callable[[exp.Expression], tuple[str, SField]],
        subquery: Callable[[exp.Select], tuple[str, list[Any]]],
        now: datetime,
    ) -> None:
        self._resolve = resolve
        self._subquery = subquery
        self._now = now
        self.parameters: list[Any] = []

    def compile(self, node: exp.Expression) -> str:
        """SQL of a condition. Raises SoqlError MALFORMED_QUERY for what SOQL does not have."""
        if isinstance(node, exp.And | exp.Or):
            joiner = "and" if isinstance(node, exp.And) else "or"
            return f"({self.compile(node.this)} {joiner} {self.compile(node.expression)})"
        if isinstance(node, exp.Paren):
            return f"({self.compile(node.this)})"
        if isinstance(node, exp.Not):
            return f"not coalesce(({self.compile(node.this)}), 0)"
        if isinstance(node, exp.In):
            return self._membership(node)
        if isinstance(node, exp.Like):
            return self._like(node)
        if isinstance(node, exp.EQ | exp.NEQ):
            return self._equality(node)
        if type(node) in _ORDERED:
            return self._ordered(node, _ORDERED[type(node)])
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: {node.sql()}")

    def _bind(self, *values: Any) -> None:
        self.parameters += values

    def _equality(self, node: exp.Expression) -> str:
        column, field = self._resolve(node.this)
        value = value_of(node.expression, field, self._now)
        differs = isinstance(node, exp.NEQ)
        if value is None:
            return f"{column} is {'not ' if differs else ''}null"
        if isinstance(value, Span):
            self._bind(*value.bounds(field))
            inside = f"({column} >= ? and {column} < ?)"
            return f"not coalesce({inside}, 0)" if differs else inside
        self._bind(value)
        return f"{comparable(column, field)} {'is not' if differs else '='} ?{_folding(field)}"

    def _ordered(self, node: exp.Expression, operator: str) -> str:
        column, field = self._resolve(node.this)
        value = value_of(node.expression, field, self._now)
        if value is None or field.type == "boolean":
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"{field.name}: {operator} does not apply")
        if isinstance(value, Span):
            start, end = value.bounds(field)
            self._bind(start if operator in {"<", ">="} else end)
            operator = {">": ">=", "<=": "<"}.get(operator, operator)
        else:
            self._bind(value)
        return f"{comparable(column, field)} {operator} ?{_folding(field)}"

    def _like(self, node: exp.Like) -> str:
        column, field = self._resolve(node.this)
        if field.type not in TEXT_TYPES or not isinstance(node.expression, exp.Literal):
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"{field.name}: LIKE needs a text field")
        self._bind(node.expression.this)
        return f"{column} like ? escape '\\'"

    def _membership(self, node: exp.In) -> str:
        column, field = self._resolve(node.this)
        query = node.args.get("query")
        if query is not None:
            sql, parameters = self._subquery(query.this)
            self._bind(*parameters)
            return f"coalesce({column} in ({sql}), 0)"
        values = [value_of(item, field, self._now) for item in node.expressions]
        if not values or any(isinstance(value, Span) for value in values):
            raise SoqlError("MALFORMED_QUERY", f"{field.name}: IN needs a list of values")
        known = [value for value in values if value is not None]
        self._bind(*known)
        marks = ", ".join("?" for _ in known)
        clause = f"coalesce({comparable(column, field)}{_folding(field)} in ({marks}), 0)"
        return f"({clause} or {column} is null)" if len(known) < len(values) else clause


def comparable(column: str, field: SField) -> str:
    """The column as a value that compares the way the field's type does."""
    return f"cast({column} as real)" if field.type in NUMERIC_TYPES - {"int"} else column


def _folding(field: SField) -> str:
    return " collate nocase" if field.type in TEXT_TYPES else ""
