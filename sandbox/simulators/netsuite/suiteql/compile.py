"""SuiteQL text to SQLite text, with the kind of each result column.

sqlglot parses Oracle's dialect, resolves every name against the tables the role may see, and infers types.
What SQLite cannot do alone (zones, format models, exact decimals) becomes a call of a function that
`engine` registers on the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from sandbox.simulators.netsuite.errors import ApiError, bad_query
from sandbox.simulators.netsuite.suiteql.labels import label
from sandbox.simulators.netsuite.suiteql.moments import UserMoments, python_format

Kind = str  # text, number, decimal, bool, date, stamp
_KINDS = {
    exp.DataType.Type.TIMESTAMP: "stamp",
    exp.DataType.Type.TIMESTAMPTZ: "stamp",
    exp.DataType.Type.DATETIME: "stamp",
    exp.DataType.Type.DATE: "date",
    exp.DataType.Type.DECIMAL: "decimal",
    exp.DataType.Type.BOOLEAN: "bool",
}
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_COUNTED = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Min, exp.Max, exp.Ordered, exp.Abs, exp.Round)


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A query SQLite can run."""

    sql: str
    count_sql: str  # how many rows that query has; unordered, for SQLite would compute every column to sort
    columns: tuple[tuple[str, Kind], ...]  # alias in lower case, kind


def compile_query(
    text: str, visible: Mapping[str, Mapping[str, str]], moments: UserMoments, now: Callable[[], str]
) -> Compiled:
    """Compile one query. Raises ApiError (400) as NetSuite words it."""
    try:
        tree = _parsed(text)
        _check_tables(tree, visible)
        _take_rownum(tree)
        _name_casts(tree)
        schema = MappingSchema({name: dict(columns) for name, columns in visible.items()}, dialect="sqlite")
        qualify(tree, schema=schema, dialect="sqlite", expand_stars=True, identify=True)
        annotate_types(tree, schema=schema, dialect="sqlite")
        columns = tuple((item.alias_or_name.lower(), _kind(item)) for item in tree.selects)
        rewritten = _Rewriter(moments, now).rewrite(tree)
        text = rewritten.sql("sqlite")
        rewritten.set("order", None)
        count = f"select count(*) from ({rewritten.sql('sqlite')})"
        return Compiled(sql=text, count_sql=count, columns=columns)
    except SqlglotError as error:
        raise bad_query(_worded(str(error))) from error
    except ValueError as error:
        raise bad_query(f"Invalid or unsupported search: {error}.") from error


def _worded(message: str) -> str:
    name = message.split("'")[1] if message.count("'") >= 2 else ""
    if "could not be resolved" in message or "Unknown column" in message:
        return f"Field '{name}' for record was not found. Unknown identifier '{name}'."
    return f"Invalid or unsupported search: {message.splitlines()[0]}"


def _parsed(text: str) -> exp.Query:
    tree = sqlglot.parse_one(text, read="oracle")
    if not isinstance(tree, exp.Select | exp.Union):
        raise bad_query("Invalid or unsupported search: only SELECT is allowed.")
    if tree.args.get("limit") or tree.args.get("offset"):
        raise bad_query("Invalid or unsupported search: unexpected token LIMIT.")
    return tree


def _check_tables(tree: exp.Query, visible: Mapping[str, Mapping[str, str]]) -> None:
    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name.lower() not in ctes and table.name.lower() not in visible:
            raise bad_query(f"Record '{table.name}' was not found.")


def _take_rownum(tree: exp.Query) -> None:
    """`ROWNUM <= n` at the top becomes a limit."""
    for column in list(tree.find_all(exp.Column)):
        if column.name.upper() != "ROWNUM":
            continue
        test = column.parent
        if not isinstance(test, exp.LTE | exp.LT) or column.parent_select is not tree:
            raise ValueError("ROWNUM is only supported as ROWNUM <= n")
        count = int(test.expression.name) - isinstance(test, exp.LT)
        test.replace(exp.true())
        tree.set("limit", exp.Limit(expression=exp.Literal.number(count)))


def _name_casts(tree: exp.Query) -> None:
    """TRUNC(x) is a cast to a day for the type checker."""
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.upper() == "TRUNC" and len(call.expressions) == 1:
            call.replace(exp.Cast(this=call.expressions[0], to=exp.DataType.build("date")))


def _kind(node: exp.Expr | None) -> Kind:
    if node is None:
        return "text"
    inner = node.unalias() if isinstance(node, exp.Alias) else node
    if isinstance(inner, exp.StrToDate) and "%H" in inner.args["format"].name:
        return "stamp"
    if isinstance(inner, exp.Cast) and inner.to.this in _KINDS:
        return _KINDS[inner.to.this]
    if inner.type is None:
        return "text"
    return _KINDS.get(inner.type.this, "text" if inner.type.is_type(*exp.DataType.TEXT_TYPES) else "number")


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


class _Rewriter:
    """Rewrites a typed tree from the leaves up; a replaced node keeps the type of the one it stands for."""

    def __init__(self, moments: UserMoments, now: Callable[[], str]) -> None:
        self.moments = moments
        self.now = now

    def rewrite(self, node: exp.Expr) -> exp.Expr:
        for child in list(node.iter_expressions()):
            fresh = self.rewrite(child)
            if fresh is not child:
                child.replace(fresh)
        kind, type_ = _kind(node), node.type
        fresh = self._one(node, kind)
        if fresh is not node:
            fresh.type = exp.DataType.build({"stamp": "timestamp", "date": "date"}[kind]) if kind in (
                "stamp", "date") else type_  # fmt: skip
        return fresh

    def _one(self, node: exp.Expr, kind: Kind) -> exp.Expr:
        if isinstance(node, exp.Column):
            return self._column(node, kind)
        if isinstance(node, exp.ToChar):
            return self._to_char(node)
        if isinstance(node, exp.StrToTime | exp.StrToDate):
            return self._moment(node, kind)
        if isinstance(node, exp.CurrentTimestamp | exp.CurrentDate):
            return self._now(kind)
        if isinstance(node, exp.Cast) and kind == "date":
            return _call("ns_local_day", node.this)
        if isinstance(node, exp.Dot) and node.this.name.upper() == "BUILTIN":
            return label(node.expression)
        if isinstance(node, exp.Sum | exp.Avg) and _kind(node.this) == "decimal":
            return _call("ns_sum" if isinstance(node, exp.Sum) else "ns_avg", node.this)
        if isinstance(node, _COMPARED):
            self._align(node)
        if isinstance(node, (*_COMPARED, *_COUNTED)):
            _as_numbers(node)
        return node

    def _column(self, node: exp.Column, kind: Kind) -> exp.Expr:
        if kind != "bool" or _inside_label(node):
            return node
        return exp.Case(
            ifs=[exp.If(this=node.copy().eq(1), true=exp.Literal.string("T"))],
            default=exp.Case(ifs=[exp.If(this=node.copy().eq(0), true=exp.Literal.string("F"))]),
        )

    def _to_char(self, node: exp.ToChar) -> exp.Expr:
        kind, model = _kind(node.this), node.args.get("format")
        if kind in ("stamp", "date"):
            if model is None:
                raise ValueError("TO_CHAR of a date needs a format")
            python_format(model.name)
            return _call("ns_to_char", node.this, model)
        if model is not None:
            raise ValueError("TO_CHAR of a number takes no format here")
        return exp.cast(node.this, "text")

    def _moment(self, node: exp.Expr, kind: Kind) -> exp.Expr:
        model = node.args["format"]
        if not isinstance(node.this, exp.Literal):
            return _call("ns_stamp" if kind == "stamp" else "ns_day", node.this, model)
        read = self.moments.stamp if kind == "stamp" else self.moments.day
        return exp.Literal.string(str(read(node.this.name, model.name)))

    def _now(self, kind: Kind) -> exp.Expr:
        text = self.now() if kind == "stamp" else self.moments.local_day(self.now())
        return exp.Literal.string(str(text))

    def _align(self, node: exp.Expr) -> None:
        """Bring both sides of a comparison with a stamp or a date to the same kind."""
        operands = [node.this, *(node.args.get(name) for name in ("expression", "low", "high"))]
        operands += node.args.get("expressions") or []
        kinds = {_kind(operand) for operand in operands if operand is not None} & {"stamp", "date"}
        if not kinds:
            return
        wanted = "stamp" if "stamp" in kinds else "date"
        for operand in operands:
            if operand is not None:
                self._bring(operand, wanted)

    def _bring(self, operand: exp.Expr, wanted: Kind) -> None:
        kind = _kind(operand)
        if isinstance(operand, exp.Literal) and kind not in ("stamp", "date"):
            day = self.moments.typed(operand.name)
            text = self.moments.midnight(day) if wanted == "stamp" else day
            operand.replace(exp.Literal.string(str(text)))
        elif wanted == "stamp" and kind == "date":
            operand.replace(_call("ns_midnight", operand.copy()))


def _inside_label(node: exp.Column) -> bool:
    call = node.find_ancestor(exp.Anonymous)
    return call is not None and call.name.upper() == "DF"


def _as_numbers(node: exp.Expr) -> None:
    for child in list(node.iter_expressions()):
        if _kind(child) == "decimal" and not isinstance(child, exp.Literal):
            child.replace(exp.cast(child.copy(), "double"))


__all__ = ["ApiError", "Compiled", "compile_query"]
