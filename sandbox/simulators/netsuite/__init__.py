"""A NetSuite account as SuiteTalk REST and SuiteQL show it, over a store that survives restarts."""

from sandbox.simulators.netsuite.app import create_app
from sandbox.simulators.netsuite.schema import INDEXES, KEYS, TABLES
from sandbox.simulators.netsuite.settings import Settings, settings_for

__all__ = ["INDEXES", "KEYS", "TABLES", "Settings", "create_app", "settings_for"]
