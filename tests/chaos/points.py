"""Where a process may die: before and after every commit of the ledger, and around every call to a vendor."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import greenlet
import sqlalchemy as sa

import reverse_etl

Side = Literal["before", "after"]
CALLS = ("vendor read", "vendor find", "vendor write", "vendor write, second step", "subscriber")
#: Functions that write to the ledger outside the write-back that is played here, and why they are left out.
APART: Mapping[str, str] = {
    "event_desk.replay": "one transaction of a person, who sees whether it was done",
    "event_desk.drop": "one transaction of a person, who sees whether it was done",
    "delivery.Delivery.ask_again": "nobody changes roles here; a death leaves a claim that is taken back",
    "delegations.": "one transaction of a person",
    "waivers.": "one transaction of a person",
    "switches.": "one transaction of a person; the runs switch checks off by configuration",
    "escalations.": "reminds people and decides nothing",
    "events.business.": "one transaction over the published copy; what the log holds is not announced again",
    "inbox.app._Intake.": "counts a post that was not genuine",
    "inbox.pull.": "a feed that is read again from the same place; what comes twice is known",
    "closing.": "one transaction of a person, or of the evidence of one build",
    "identity.": "one transaction of a person",
    "findings.": "the states of one build, whole or not at all; and one transaction of a person",
    "retention.": "one transaction of a person; files written before it commits are of no use without it",
    "holds.": "the holds of one build, whole or not at all, judged anew by the next",
    "restore.": "restores into an empty ledger or not at all",
    "ledger.": "migrations run before anything else, under a lock",
}
_AUDIT = re.compile(r"INSERT INTO audit_event \(([^)]*)\)")
_PACKAGE = Path(reverse_etl.__file__).parent


class KilledError(BaseException):
    """The process is gone: no handler of an `Exception` sees it, and nothing more is written."""


@cache
def persistence_points() -> tuple[str, ...]:
    """Every function of the package that opens a writing transaction, read from its source, and every call."""
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        found += [f"{_module(path)}.{name}" for name in _writers(ast.parse(path.read_text()), ())]
    return (*(name for name in found if not name.startswith(tuple(APART))), *CALLS)


def _module(path: Path) -> str:
    names = path.relative_to(_PACKAGE).with_suffix("").parts
    return ".".join(name for name in names if name != "__init__")


def _writers(node: ast.AST, scope: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for child in ast.iter_child_nodes(node):
        is_scope = isinstance(child, ast.ClassDef | ast.FunctionDef)
        inner = (*scope, child.name) if is_scope else scope
        is_opened = isinstance(child, ast.With) and any(
            _is_writing(item.context_expr) for item in child.items
        )
        if is_opened and not _is_wrapper(node):
            found.append(".".join(scope))
        found += _writers(child, inner)
    return list(dict.fromkeys(found))


def _is_wrapper(node: ast.AST) -> bool:
    """A context manager that hands the transaction on: whoever uses it is the point."""
    return any(isinstance(child, ast.Yield) for child in ast.walk(node))


def _is_writing(call: ast.expr) -> bool:
    if not isinstance(call, ast.Call):
        return False
    return isinstance(call.func, ast.Name | ast.Attribute) and "writing" in (
        getattr(call.func, "id", None),
        getattr(call.func, "attr", None),
    )


@dataclass
class Coverage:
    """How often each point was passed, and how often a process died there; keys are (point, step, side)."""

    passed: Counter[tuple[str, str, Side]] = field(default_factory=Counter)
    killed: Counter[tuple[str, str, Side]] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, other: Coverage) -> None:
        """Sum up the coverage of several runs."""
        self.passed += other.passed
        self.killed += other.killed
        self.faults += other.faults

    def kills_at(self, point: str, side: Side) -> int:
        """Kills at a point, whatever step it recorded there."""
        return sum(n for (name, _, at), n in self.killed.items() if (name, at) == (point, side))

    def missing(self, points: Sequence[str]) -> list[tuple[str, Side]]:
        """Points and sides where no process has died."""
        sides: tuple[Side, Side] = ("before", "after")
        return [(p, side) for p in points for side in sides if not self.kills_at(p, side)]


class LedgerPoints:
    """Tells `reached(point, step, side)` around each commit of a writing transaction, named by its function.

    `step` is what the transaction recorded, such as ``approved>in_flight``. `may_switch()` is called before a
    transaction begins: there another process may take its turn.
    """

    def __init__(
        self,
        engine: sa.Engine,
        reached: Callable[[str, str, Side], None],
        committed: Callable[[list[dict[str, Any]]], None],
        may_switch: Callable[[], None],
    ) -> None:
        self._reached, self._committed, self._may_switch = reached, committed, may_switch
        self._writing: set[int] = set()
        self._open: Counter[int] = Counter()
        self._owners: dict[int, int] = {}
        self._events: list[dict[str, Any]] = []
        self._commit, self._rollback = engine.dialect.do_commit, engine.dialect.do_rollback
        engine.dialect.do_commit = self._do_commit  # type: ignore[method-assign]
        engine.dialect.do_rollback = self._do_rollback  # type: ignore[method-assign]
        sa.event.listen(engine, "checkout", self._checkout)
        sa.event.listen(engine, "begin", self._begin)
        sa.event.listen(engine, "before_cursor_execute", self._statement)

    def is_in_transaction(self) -> bool:
        """Whether the running process has a transaction open."""
        return self._open[id(greenlet.getcurrent())] > 0

    def _checkout(self, *_connection: Any) -> None:
        if not self.is_in_transaction():
            self._may_switch()

    def _begin(self, connection: sa.Connection) -> None:
        raw = id(connection.connection.dbapi_connection)
        self._owners[raw] = id(greenlet.getcurrent())
        self._open[self._owners[raw]] += 1
        if not connection.get_execution_options().get("concord_read", False):
            self._writing.add(raw)
            self._events = []

    def _statement(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_context: Any
    ) -> None:
        match = _AUDIT.match(statement)
        if match:
            names = [name.strip() for name in match[1].split(",")]
            self._events.append(dict(zip(names, parameters, strict=True)))

    def _ended(self, raw: int) -> bool:
        owner = self._owners.pop(raw, None)
        if owner is not None:
            self._open[owner] -= 1
        is_writing = raw in self._writing
        self._writing.discard(raw)
        return is_writing

    def _do_commit(self, connection: Any) -> None:
        raw = id(getattr(connection, "dbapi_connection", connection))
        if raw not in self._writing:
            self._commit(connection)
            self._ended(raw)
            return
        point, step = _caller(), _step(self._events)
        try:
            self._reached(point, step, "before")
        except KilledError:
            self._do_rollback(connection)  # what a database does when its client is gone
            raise
        self._commit(connection)
        self._ended(raw)
        self._committed(self._events)
        self._reached(point, step, "after")

    def _do_rollback(self, connection: Any) -> None:
        self._rollback(connection)
        self._ended(id(getattr(connection, "dbapi_connection", connection)))


@cache
def _module_of(file: str) -> str | None:
    """Module of the package that may own a transaction; None: elsewhere, or the ledger's own."""
    path = Path(file)
    return _module(path) if path.is_relative_to(_PACKAGE) and path.parent.name != "ledger" else None


def _caller() -> str:
    frame = sys._getframe(2)
    while frame is not None:
        module = _module_of(frame.f_code.co_filename)
        is_wrapper = bool(frame.f_code.co_flags & inspect.CO_GENERATOR)
        if module is not None and not is_wrapper:
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back  # type: ignore[assignment]
    raise RuntimeError("a transaction of the ledger that the package did not open")


def _step(events: list[dict[str, Any]]) -> str:
    steps = {_words(event) for event in events}
    return "several" if len(steps) > 1 else "".join(steps) or "nothing"


def _words(event: dict[str, Any]) -> str:
    old, new = event["from_state"], event["to_state"]
    return event["event"] if old == new else f"{old or ''}>{new}"
