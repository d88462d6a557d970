"""What Concord reads from a NetSuite account, and how."""

from ingestion.sources.netsuite.extract import NetSuiteExtract, build_source
from ingestion.sources.netsuite.tables import TABLES

__all__ = ["TABLES", "NetSuiteExtract", "build_source"]
