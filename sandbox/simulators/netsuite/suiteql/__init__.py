"""SuiteQL over the store: parsed, checked and typed by sqlglot, run by SQLite."""

from sandbox.simulators.netsuite.suiteql.engine import Page, run

__all__ = ["Page", "run"]
