"""A stateful stand-in for one Kantata OX tenant, as its REST API v1 behaves."""

from sandbox.simulators.kantata.app import KantataSettings, create_app, settings_for
from sandbox.simulators.kantata.schema import INDEXES, TABLES

__all__ = ["INDEXES", "TABLES", "KantataSettings", "create_app", "settings_for"]
