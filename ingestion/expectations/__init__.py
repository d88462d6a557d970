"""Landing suites: what must hold for the rows of a run before anything is built on them."""

from ingestion.expectations.outcome import ExpectationOutcome
from ingestion.expectations.validate import validate_instance

__all__ = ["ExpectationOutcome", "validate_instance"]
