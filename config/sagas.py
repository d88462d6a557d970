"""The shape of config/sagas.yml: business processes that span several systems, step by step.

Every step that writes is an ordinary correction; every step says how it is undone, or why there is nothing to undo.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.base import Identifier, Strict, System

ProcessId = Annotated[str, Field(pattern=r"^S\d{2}$")]
ValueType = Literal["text", "decimal", "date", "bool", "int"]


class Source(Strict):
    """Where one value comes from: exactly one of the keys.

    `fact` is a fact of the trigger (or of the item, in a step `for_each`); `result` is what an earlier step gave:
    the id of the record it created or the answer of a person; `value` is written as it stands; `text` has facts in
    braces; `first` takes the first source that gives a value.
    """

    fact: Identifier | None = None
    result: Identifier | None = None
    value: str | None = None
    text: str | None = None
    first: list[Source] = []
    times: Annotated[int, Field(ge=1)] | None = (
        None  # multiplies a fact, as hours that are written as minutes
    )

    @model_validator(mode="after")
    def _one(self) -> Source:
        given = [n for n in ("fact", "result", "value", "text") if getattr(self, n) is not None]
        given += ["first"] if self.first else []
        if len(given) != 1:
            raise ValueError("give exactly one of fact, result, value, text, first")
        if self.times and self.fact is None:
            raise ValueError("times multiplies a fact")
        return self

    def results(self) -> Iterator[str]:
        """Ids of the steps this value waits for."""
        if self.result is not None:
            yield self.result
        for source in self.first:
            yield from source.results()


class Change(Strict):
    """One field of a correction.

    `to` is the new value. `seen` is the value the approver is told the record holds; left out, the vendor is read when
    the correction is proposed. Give `seen` whenever `to` was computed from it.
    """

    field: Identifier
    type: ValueType
    to: Source
    seen: Source | None = None


class StepCorrection(Strict):
    """What a step writes, as an ordinary correction under the policy rules of its process."""

    system: System
    instance: Source
    object: Identifier
    operation: Literal["update", "create"]
    record: Source | None = None
    changes: Annotated[list[Change], Field(min_length=1)]
    reason: str

    @model_validator(mode="after")
    def _record_fits(self) -> StepCorrection:
        if (self.operation == "update") != (self.record is not None):
            raise ValueError("an update names its record, a create has none")
        return self

    def results(self) -> Iterator[str]:
        """Ids of the steps whose results are used."""
        sources = [self.instance, self.record, *(s for c in self.changes for s in (c.to, c.seen))]
        for source in sources:
            if source is not None:
                yield from source.results()


class Request(Strict):
    """Something a person does in the owning system; the answer is the record's id there."""

    question: str
    roles: Annotated[list[Identifier], Field(min_length=1)]
    unless: Identifier | None = None  # a fact which, when known, makes the question superfluous


class StepEvent(Strict):
    """Something to be told, with facts as its data."""

    type: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$")]
    data: dict[Identifier, Source]

    def results(self) -> Iterator[str]:
        """Ids of the steps whose results are told."""
        for source in self.data.values():
            yield from source.results()


class Undo(Strict):
    """How a step is taken back: exactly one of the keys.

    `restore` proposes what the vendor held before; `correction` is an ordinary correction; `event` tells that the first
    event no longer holds; `nothing` says in words why nothing is to be done.
    """

    restore: Literal[True] | None = None
    correction: StepCorrection | None = None
    event: StepEvent | None = None
    nothing: Annotated[str, Field(min_length=10)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Undo:
        given = [n for n in ("restore", "correction", "event", "nothing") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of restore, correction, event, nothing")
        return self


class Step(Strict):
    """One step: exactly one of correction, request, event."""

    id: Identifier
    title: str
    correction: StepCorrection | None = None
    request: Request | None = None
    event: StepEvent | None = None
    for_each: Identifier | None = None  # a fact that is a list: one step per item, each with the item's facts
    after: list[Identifier] | None = None  # default: the step before this one
    undo: Undo

    @model_validator(mode="after")
    def _consistent(self) -> Step:
        kinds = [n for n in ("correction", "request", "event") if getattr(self, n) is not None]
        if len(kinds) != 1:
            raise ValueError("give exactly one of correction, request, event")
        if self.undo.restore and (self.correction is None or self.correction.operation != "update"):
            raise ValueError(
                "undo.restore needs a step that updates; say by a correction how a create is undone"
            )
        if self.for_each and self.correction is None:
            raise ValueError("for_each is for steps with a correction")
        return self

    def results(self) -> Iterator[str]:
        """Ids of the steps whose results are used, when doing or undoing."""
        for part in (self.correction, self.event, self.undo.correction, self.undo.event):
            if part is not None:
                yield from part.results()


class Requirement(Strict):
    """What must hold before anything is written; `missing` says in words what to do when it does not."""

    fact: Identifier
    equals: str | None = None  # default: the fact must be known
    missing: str


class Input(Strict):
    """A fact that the person who starts the process may give."""

    name: Identifier
    type: ValueType
    title: str


class Process(Strict):
    """One saga."""

    id: ProcessId
    name: Identifier
    title: str
    facts: Identifier  # the model of schema `sync` with one row per trigger
    start_roles: Annotated[list[Identifier], Field(min_length=1)]
    inputs: list[Input] = []
    requires: list[Requirement]
    steps: Annotated[list[Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _steps_refer_backwards(self) -> Process:
        known: set[str] = set()
        repeated = {step.id for step in self.steps if step.for_each}
        for step in self.steps:
            if step.id in known:
                raise ValueError(f"step {step.id} occurs twice")
            unknown = set(step.after or []) - known
            if unknown:
                raise ValueError(
                    f"step {step.id} comes after {', '.join(sorted(unknown))}, which no step before it is"
                )
            self._check_results(step, known, repeated)
            known.add(step.id)
        return self

    @staticmethod
    def _check_results(step: Step, known: set[str], repeated: set[str]) -> None:
        for result in step.results():
            if result != step.id and result not in known:
                raise ValueError(f"step {step.id} uses the result of {result}, which no step before it is")
            if result in repeated and result != step.id:
                raise ValueError(f"step {step.id} uses the result of {result}, which has one per item")


class Sagas(Strict):
    """config/sagas.yml."""

    version: Literal[1]
    sagas: list[Process]

    @model_validator(mode="after")
    def _unique(self) -> Sagas:
        for key in ("id", "name"):
            values = [getattr(process, key) for process in self.sagas]
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise ValueError(f"{key} {', '.join(sorted(twice))} occurs twice")
        return self

    def process(self, wanted: str) -> Process:
        """The process with this id or name. Raises LookupError listing the known ones."""
        for process in self.sagas:
            if wanted in (process.id, process.name):
                return process
        known = ", ".join(f"{process.id} {process.name}" for process in self.sagas)
        raise LookupError(f"no saga {wanted!r} in config/sagas.yml; known: {known}")
