"""Errors of ingestion.

IngestionError
├── UnknownSystemError      the estate names a system no source serves
├── MalformedPageError      a page is not a list of records
├── TypeFlipError           most of a page does not fit a column's declared type
├── ShrinkError             a full read returned far fewer rows than the last one
├── BusyError               another run of the same instance is under way
└── ExpectationSetupError   a landing suite could not be evaluated
"""

from __future__ import annotations


class IngestionError(Exception):
    """Something stopped one instance; its earlier data is untouched."""


class UnknownSystemError(IngestionError):
    """The estate names a system no source serves."""


class MalformedPageError(IngestionError):
    """A page is not a list of records."""


class TypeFlipError(IngestionError):
    """Most of a page does not fit a column's declared type."""


class ShrinkError(IngestionError):
    """A full read returned far fewer rows than the last one."""


class BusyError(IngestionError):
    """Another run of the same instance is under way."""


class ExpectationSetupError(IngestionError):
    """A landing suite could not be evaluated."""


def told(error: BaseException) -> str:
    """The error in one line with its class and with where it happened, for logs and `sync_run`."""
    notes = getattr(error, "__notes__", [])
    return "; ".join([f"{type(error).__name__}: {error}", *notes])
