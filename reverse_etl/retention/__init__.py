"""Retention: what is older than the firm keeps it, and its way out of the ledger with the audit chain still whole."""

from reverse_etl.retention.archiving import Archive, archive
from reverse_etl.retention.due import Due, Held, survey

__all__ = ["Archive", "Due", "Held", "archive", "survey"]
