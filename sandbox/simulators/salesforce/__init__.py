"""The CRM: Sales Cloud REST, Bulk 2.0 queries and sign-in over a SQLite store."""

from sandbox.simulators.salesforce.app import create_app
from sandbox.simulators.salesforce.auth import Settings, settings_for
from sandbox.simulators.salesforce.ids import make_id
from sandbox.simulators.salesforce.schema import INDEXES, TABLES, names_of, schema_for

__all__ = ["INDEXES", "TABLES", "Settings", "create_app", "make_id", "names_of", "schema_for", "settings_for"]
