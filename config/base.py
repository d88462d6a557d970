"""What every configuration schema is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

System = Literal[
    "salesforce", "hubspot", "netsuite", "dynamics365", "sap", "oracle_fusion", "jira", "kantata", "asana",
    "monday", "bamboohr", "workday", "files", "tryton",
]  # fmt: skip
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """Base of all: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
