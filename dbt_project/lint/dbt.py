"""Stands in for dbt's own macros while linting."""

from __future__ import annotations


def type_string() -> str:
    """Name of the text type."""
    return "varchar"
