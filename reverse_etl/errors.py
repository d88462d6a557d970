"""What can be wrong with a request about corrections.

CorrectionError
├── UnknownCorrectionError     no such correction in this ledger
├── IllegalTransitionError     the state does not allow it (already decided, already sent)
├── NotAllowedError            policy refuses this actor or this change
├── InvalidProposalError       a `sync` row is incomplete or contradicts its siblings
├── SilencedError              the check was switched off, or held back, between claim and write
├── LeaseLostError             another worker took the correction over while we worked on it
├── ExportError                a file is not an export of the audit trail
├── BackupError                a file is not a backup, or the ledger is not empty
├── LedgerError                the ledger cannot be opened or is of another version
├── PublishedCopyError         the published copy is missing or lacks a table
├── UnknownFindingError        no such finding in this ledger
├── UnknownSagaError           no such saga, or nothing that could start one
├── SagaMovedError             somebody else moved the saga meanwhile
└── SagaValueError             a value of a step cannot be had from the facts
"""

from __future__ import annotations


class CorrectionError(Exception):
    """Base of every refusal; the text says what is wrong and what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message, self.hint = message, hint
        super().__init__(f"{message} What to do: {hint}" if hint else message)


class UnknownCorrectionError(CorrectionError):
    """No such correction in this ledger."""


class UnknownFindingError(CorrectionError):
    """No build has recorded such a finding."""


class IllegalTransitionError(CorrectionError):
    """The correction is in a state that does not allow this."""


class NotAllowedError(CorrectionError):
    """Policy refuses this actor or this change."""


class InvalidProposalError(CorrectionError):
    """A `sync` row is incomplete or contradicts its siblings."""


class SilencedError(CorrectionError):
    """The check was switched off, or held back, between claim and write; `error_class` says which."""

    def __init__(self, error_class: str, message: str, *, hint: str | None = None) -> None:
        self.error_class = error_class
        super().__init__(message, hint=hint)


class LeaseLostError(CorrectionError):
    """Another worker took over; nothing of this worker's result was recorded."""


class LedgerError(CorrectionError):
    """The ledger cannot be opened, or its schema is of another version."""


class PublishedCopyError(CorrectionError):
    """The published copy is missing or lacks a table."""


class ExportError(CorrectionError):
    """A file is not an export of the audit trail."""


class BackupError(CorrectionError):
    """A file is not a whole backup, or it cannot be restored into this ledger."""


class UnknownSagaError(CorrectionError):
    """No such saga in this ledger, or no trigger of that key."""


class SagaMovedError(CorrectionError):
    """Somebody else moved the saga between reading and writing; nothing was recorded."""


class SagaValueError(CorrectionError):
    """A value that a step needs is not known or not of its type."""
