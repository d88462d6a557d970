"""What Concord reads from a Kantata OX tenant, and how."""

from ingestion.sources.kantata.extract import KantataExtract, build_source
from ingestion.sources.kantata.tables import TABLES

__all__ = ["TABLES", "KantataExtract", "build_source"]
