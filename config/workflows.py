"""The shape of config/workflows.yml: stages with their service levels, and the checklist of a handover.

The stages are those that the warehouse can tell from the systems; the file may rename and time them, not invent others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.base import Identifier, Strict

STAGES: Mapping[str, tuple[str, ...]] = {
    "opportunity_handoff": ("awaiting_handover", "handed_over"),
    "project_initiation": ("preparation", "opening", "open_for_time"),
    "change_control": ("raised", "carrying_through", "carried_through"),
    "billing_approval": ("draft", "posted"),
    "project_closure": ("winding_up", "closed"),
}
CHECKLIST = ("hierarchy", "legal_entity", "tax", "currency", "service_mapping")


class Stage(Strict):
    """A stage and how many business days a subject may stay in it; None sets no limit."""

    stage: Identifier
    title: str
    sla_days: Annotated[int, Field(ge=0)] | None


class Workflow(Strict):
    """A process and its stages in order."""

    id: Identifier
    title: str
    stages: list[Stage]

    @model_validator(mode="after")
    def _known(self) -> Workflow:
        if self.id not in STAGES:
            raise ValueError(f"unknown workflow {self.id}; known: {', '.join(STAGES)}")
        listed = tuple(stage.stage for stage in self.stages)
        if listed != STAGES[self.id]:
            raise ValueError(
                f"the stages of {self.id} are {', '.join(STAGES[self.id])}, in this order (found {', '.join(listed)})"
            )
        if self.stages[-1].sla_days is not None:
            raise ValueError(f"{self.stages[-1].stage} is the end of {self.id}: it has no sla_days")
        return self


class ChecklistItem(Strict):
    """Something a won deal must have before anything is submitted for it."""

    item: Literal["hierarchy", "legal_entity", "tax", "currency", "service_mapping"]
    title: str


class Workflows(Strict):
    """config/workflows.yml."""

    version: Literal[1]
    workflows: list[Workflow]
    handover_checklist: list[ChecklistItem]

    @model_validator(mode="after")
    def _each_once(self) -> Workflows:
        flows: list[str] = [flow.id for flow in self.workflows]
        items: list[str] = [item.item for item in self.handover_checklist]
        for kind, listed, known in (("workflow", flows, tuple(STAGES)), ("checklist item", items, CHECKLIST)):
            twice = sorted({name for name in listed if listed.count(name) > 1})
            if twice:
                raise ValueError(f"{kind} listed twice: {', '.join(twice)}")
            if kind == "workflow" and set(listed) != set(known):
                raise ValueError(f"{kind} missing: {', '.join(sorted(set(known) - set(listed)))}")
        return self
