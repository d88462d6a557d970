"""A SOQL tree to one SQL statement over the store, with bound values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlglot import exp

from sandbox.simulators.salesforce.fields import NUMERIC_TYPES, SField, SObject
from sandbox.simulators.salesforce.schema import OrgSchema
from sandbox.simulators.salesforce.soql.dialect import FIELDS, SoqlError
from sandbox.simulators.salesforce.soql.filters import FilterCompiler

_CLAUSES = {"expressions", "from_", "where", "order", "limit", "offset", "group", "kind"}
_AGGREGATES: dict[type[exp.Expression], str] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Min: "min",
    exp.Max: "max",
    exp.Avg: "avg",
}
_MAX_OFFSET = 2000
_MAX_FIELDS_LIMIT = 200


@dataclass(frozen=True)
class Output:
    """One selected value: where it goes in the record, its field, and its column in the result set."""

    path: tuple[str, ...]  # ("Account", "Name")
    field: SField
    column: str
    parents: tuple[tuple[str, str], ...] = ()  # per step of the path: column of that record's id, its object


@dataclass(frozen=True, kw_only=True)
class Query:
    """A compiled query. `count_only` for `SELECT COUNT()`; `aggregate` when rows are not records."""

    object: SObject
    sql: str
    parameters: tuple[Any, ...]
    outputs: tuple[Output, ...]
    count_only: bool = False
    aggregate: bool = False


@dataclass
class Scope:
    """The object of one (sub)query and the relationships joined to it so far."""

    schema: OrgSchema
    root: SObject
    prefix: str
    alias: str | None = None
    joins: dict[tuple[str, ...], tuple[str, SObject]] = field(default_factory=dict)
    sql: list[str] = field(default_factory=list)

    def resolve(self, parts: tuple[str, ...]) -> tuple[str, SField, tuple[str, ...]]:
        """SQL column, field and canonical path of `Account.Owner.Name`.

        Raises SoqlError INVALID_FIELD naming the object and the field.
        """
        if len(parts) > 1 and parts[0].lower() in {self.root.name.lower(), (self.alias or "").lower()}:
            parts = parts[1:]
        table, sobject = f"{self.prefix}0", self.root
        path: tuple[str, ...] = ()
        for part in parts[:-1]:
            reference = sobject.by_relationship(part)
            if reference is None or reference.target is None:
                raise SoqlError("INVALID_FIELD", f"Didn't understand relationship '{part}' on {sobject.name}")
            path = (*path, reference.relationship or part)
            table, sobject = self._join(path, table, reference)
        found = sobject.find(parts[-1])
        if found is None:
            raise SoqlError("INVALID_FIELD", f"No such column '{parts[-1]}' on entity '{sobject.name}'")
        return f'{table}."{found.name}"', found, (*path, found.name)

    def _join(self, path: tuple[str, ...], table: str, reference: SField) -> tuple[str, SObject]:
        if path not in self.joins:
            target = self.schema.find(reference.target or "")
            if target is None:
                raise SoqlError("INVALID_TYPE", f"sObject type '{reference.target}' is not supported.")
            alias = f"{self.prefix}{len(self.joins) + 1}"
            self.joins[path] = (alias, target)
            self.sql.append(f'left join "{target.name}" {alias} on {alias}."Id" = {table}."{reference.name}"')
        return self.joins[path]


class Compiler:
    """Compiles queries for one call: `now` fixes date words, `deleted` keeps deleted rows (queryAll)."""

    def __init__(self, *, now: datetime, deleted: bool, schema: OrgSchema) -> None:
        self._now = now
        self._schema = schema
        self._deleted = deleted
        self._scopes = 0

    def compile(self, tree: exp.Select) -> Query:
        """The statement for a parsed query. Raises SoqlError with the vendor's code."""
        scope = self._scope(tree)
        count_only = _is_bare_count(tree.expressions)
        group = tree.args.get("group")
        aggregate = group is not None or any(_aggregate(_unaliased(node)) for node in tree.expressions)
        columns, outputs = ([], []) if count_only else self._columns(scope, tree, aggregate)
        where, parameters = self._where(scope, tree)
        grouped = self._group(scope, group)
        ordered = self._order(scope, tree)
        selected = "count(*) as n" if count_only else ", ".join(columns)
        sql = " ".join(
            part
            for part in (
                f'select {selected} from "{scope.root.name}" {scope.prefix}0',
                *scope.sql,
                f"where {where}",
                grouped,
                ordered,
                "" if count_only else self._limit(tree),
            )
            if part
        )
        return Query(
            object=scope.root,
            sql=sql,
            parameters=tuple(parameters),
            outputs=tuple(outputs),
            count_only=count_only,
            aggregate=aggregate and not count_only,
        )

    def subquery(self, tree: exp.Select) -> tuple[str, list[Any]]:
        """`(SELECT AccountId FROM Opportunity WHERE ...)` of a semi-join."""
        scope = self._scope(tree)
        if len(tree.expressions) != 1 or not isinstance(tree.expressions[0], exp.Column):
            raise SoqlError("MALFORMED_QUERY", "a semi-join sub-select names exactly one field")
        column, _, _ = scope.resolve(_parts(tree.expressions[0]))
        where, parameters = self._where(scope, tree)
        joins = " ".join(scope.sql)
        return f'select {column} from "{scope.root.name}" {scope.prefix}0 {joins} where {where}', parameters

    def _scope(self, tree: exp.Select) -> Scope:
        unknown = sorted(name for name, value in tree.args.items() if value and name not in _CLAUSES)
        if unknown:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: {unknown[0]}")
        source = tree.args.get("from_")
        if source is None or not isinstance(source.this, exp.Table) or source.this.db:
            raise SoqlError("MALFORMED_QUERY", "unexpected token: <EOF>, expected FROM and one object")
        root = self._schema.find(source.this.name)
        if root is None:
            raise SoqlError("INVALID_TYPE", f"sObject type '{source.this.name}' is not supported.")
        self._scopes += 1
        return Scope(
            schema=self._schema, root=root, prefix=f"s{self._scopes}_", alias=source.this.alias or None
        )

    def _columns(self, scope: Scope, tree: exp.Select, aggregate: bool) -> tuple[list[str], list[Output]]:
        columns: list[str] = []
        outputs: list[Output] = []
        seen: set[tuple[str, ...]] = set()
        unnamed = 0
        for node in self._expanded(scope, tree):
            inner = _unaliased(node)
            if aggregate and _aggregate(inner):
                name = node.alias or f"expr{unnamed}"
                unnamed += 0 if node.alias else 1
                sql, found = self._aggregated(scope, inner)
                path: tuple[str, ...] = (name,)
            else:
                sql, found, path = scope.resolve(_parts(inner))
                path = (node.alias or path[-1],) if aggregate else path
            if path in seen:
                raise SoqlError("INVALID_FIELD", f"duplicate field selected: {'.'.join(path)}")
            seen.add(path)
            column = f"c{len(columns)}"
            columns.append(f"{sql} as {column}")
            outputs.append(Output(path, found, column, () if aggregate else _parents(scope, path, columns)))
        return columns, outputs

    def _expanded(self, scope: Scope, tree: exp.Select) -> list[exp.Expression]:
        listed: list[exp.Expression] = []
        for node in tree.expressions:
            if isinstance(node, exp.Anonymous) and node.this == FIELDS:
                listed += _all_fields(scope.root, node.expressions[0].this, tree)
            else:
                listed.append(node)
        return listed

    def _aggregated(self, scope: Scope, node: exp.Expression) -> tuple[str, SField]:
        function = _AGGREGATES[type(node)]
        if node.this is None:
            raise SoqlError("MALFORMED_QUERY", "COUNT() must be the only element of the SELECT list")
        column, found, _ = scope.resolve(_parts(node.this))
        if function == "count":
            return f"count({column})", SField(name="count", type="int")
        if found.type in NUMERIC_TYPES:
            column = f"cast({column} as real)"
        elif function in {"sum", "avg"}:
            raise SoqlError("INVALID_FIELD", f"field {found.name} does not support {function}")
        return f"{function}({column})", found

    def _where(self, scope: Scope, tree: exp.Select) -> tuple[str, list[Any]]:
        conditions: list[str] = []
        parameters: list[Any] = []
        where = tree.args.get("where")
        if where is not None:
            filters = FilterCompiler(self._resolver(scope), self.subquery, self._now)
            conditions.append(f"({filters.compile(where.this)})")
            parameters += filters.parameters
        if not self._deleted and "IsDeleted" in scope.root.fields:
            conditions.append(f'coalesce({scope.prefix}0."IsDeleted", 0) = 0')
        return " and ".join(conditions) or "1", parameters

    def _resolver(self, scope: Scope) -> Callable[[exp.Expression], tuple[str, SField]]:
        def resolve(node: exp.Expression) -> tuple[str, SField]:
            column, found, _ = scope.resolve(_parts(node))
            return column, found

        return resolve

    def _group(self, scope: Scope, group: exp.Group | None) -> str:
        if group is None:
            return ""
        columns = [scope.resolve(_parts(node))[0] for node in group.expressions]
        return f"group by {', '.join(columns)}"

    def _order(self, scope: Scope, tree: exp.Select) -> str:
        order = tree.args.get("order")
        if order is None:
            return ""
        parts = []
        for node in order.expressions:
            column, found, _ = scope.resolve(_parts(node.this))
            if found.type in {"currency", "percent", "double"}:
                column = f"cast({column} as real)"
            direction = "desc" if node.args.get("desc") else "asc"
            parts.append(f"{column} {direction} nulls {'first' if node.args.get('nulls_first') else 'last'}")
        return f"order by {', '.join(parts)}"

    def _limit(self, tree: exp.Select) -> str:
        limit, offset = _count(tree.args.get("limit"), "LIMIT"), _count(tree.args.get("offset"), "OFFSET")
        if offset is not None and offset > _MAX_OFFSET:
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_MAX_OFFSET}")
        if limit is None and offset is None:
            return ""
        return f"limit {-1 if limit is None else limit} offset {offset or 0}"


def _parents(scope: Scope, path: tuple[str, ...], columns: list[str]) -> tuple[tuple[str, str], ...]:
    """Ids of the records on the way, so that a missing one shows as null; adds their columns once."""
    found = []
    for depth in range(1, len(path)):
        alias, target = scope.joins[path[:depth]]
        if f'{alias}."Id" as p_{alias}' not in columns:
            columns.append(f'{alias}."Id" as p_{alias}')
        found.append((f"p_{alias}", target.name))
    return tuple(found)


def _parts(node: exp.Expression) -> tuple[str, ...]:
    if isinstance(node, exp.Dot):
        return (*_parts(node.this), node.expression.name)
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return tuple(part.name for part in node.parts)
    raise SoqlError("MALFORMED_QUERY", f"unexpected token: {node.sql()}")


def _unaliased(node: exp.Expression) -> exp.Expression:
    return node.this if isinstance(node, exp.Alias) else node


def _aggregate(node: exp.Expression) -> bool:
    return type(node) in _AGGREGATES


def _is_bare_count(nodes: list[exp.Expression]) -> bool:
    return len(nodes) == 1 and isinstance(nodes[0], exp.Count) and nodes[0].this is None


def _count(node: exp.Expression | None, clause: str) -> int | None:
    if node is None:
        return None
    literal = node.expression
    if not isinstance(literal, exp.Literal) or literal.is_string or not literal.this.isdigit():
        raise SoqlError("MALFORMED_QUERY", f"{clause} takes a whole number")
    return int(literal.this)


def _all_fields(root: SObject, which: str, tree: exp.Select) -> list[exp.Expression]:
    wanted: dict[str, Callable[[SField], bool]] = {
        "ALL": lambda _: True,
        "STANDARD": lambda known: not known.custom,
        "CUSTOM": lambda known: known.custom,
    }
    if which not in wanted:
        raise SoqlError("MALFORMED_QUERY", f"FIELDS({which}) is unknown")
    limit = _count(tree.args.get("limit"), "LIMIT")
    if which != "STANDARD" and (limit is None or limit > _MAX_FIELDS_LIMIT):
        raise SoqlError("MALFORMED_QUERY", f"FIELDS({which}) needs LIMIT {_MAX_FIELDS_LIMIT} or less")
    return [exp.column(known.name) for known in root.fields.values() if wanted[which](known)]
