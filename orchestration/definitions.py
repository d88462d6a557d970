"""The code location that workspace.yaml names."""

from orchestration.definitions_for import build_definitions
from orchestration.runtime import Runtime

defs = build_definitions(Runtime.from_environment())
