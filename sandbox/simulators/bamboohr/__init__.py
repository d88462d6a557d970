"""A stateful stand-in for one BambooHR account, as its REST API behaves."""

from sandbox.simulators.bamboohr.app import BambooSettings, create_app, settings_for
from sandbox.simulators.bamboohr.schema import INDEXES, KEYS, TABLES

__all__ = ["INDEXES", "KEYS", "TABLES", "BambooSettings", "create_app", "settings_for"]
