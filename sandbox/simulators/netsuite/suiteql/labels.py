"""BUILTIN.DF: the text a person sees instead of an id or a code."""

from __future__ import annotations

from sqlglot import exp

_LABELS = {
    "currency": ("currency", "id", "name"),
    "basecurrency": ("currency", "id", "symbol"),
    "transactioncurrency": ("currency", "id", "symbol"),
    "subsidiary": ("subsidiary", "id", "fullname"),
    "postingperiod": ("accountingperiod", "id", "periodname"),
    "terms": ("term", "id", "name"),
    "entity": ("customer", "id", "companyname"),
    "billto": ("customer", "id", "companyname"),
    "project": ("job", "id", "companyname"),
}
_STATUS = {
    ("CustInvc", "A"): "Invoice : Open",
    ("CustInvc", "B"): "Invoice : Paid In Full",
    ("CustInvc", "D"): "Invoice : Pending Approval",
    ("CustInvc", "V"): "Invoice : Voided",
    ("CustCred", "A"): "Credit Memo : Open",
    ("CustCred", "B"): "Credit Memo : Fully Applied",
    ("CustPymt", "B"): "Payment : Not Deposited",
    ("CustPymt", "C"): "Payment : Deposited",
}


def label(call: exp.Expr) -> exp.Expr:
    """The expression that stands for `BUILTIN.<call>`; ValueError when it is not DF of a known column."""
    if not isinstance(call, exp.Anonymous) or call.name.upper() != "DF" or len(call.expressions) != 1:
        raise ValueError(f"BUILTIN.{call.name} is not supported")
    column = call.expressions[0]
    if not isinstance(column, exp.Column):
        raise ValueError("BUILTIN.DF takes a column")
    if column.name == "status":
        return _status(column)
    if column.name not in _LABELS:
        return column.copy()
    table, key, shown = _LABELS[column.name]
    wanted = exp.column(key, table="df", quoted=True).eq(column.copy())
    query = exp.select(exp.column(shown, table="df", quoted=True))
    query = query.from_(exp.to_table(table).as_("df", quoted=True)).where(wanted)
    return exp.Subquery(this=query)


def _status(column: exp.Column) -> exp.Expr:
    kind = exp.column("type", table=column.args["table"].copy(), quoted=True)
    return exp.Case(
        ifs=[
            exp.If(
                this=exp.and_(kind.copy().eq(type_), column.copy().eq(letter)),
                true=exp.Literal.string(text),
            )
            for (type_, letter), text in _STATUS.items()
        ],
        default=column.copy(),
    )
