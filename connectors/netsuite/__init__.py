"""How to talk to a NetSuite account: SuiteQL to read, the record API to write, two ways to sign in."""

from connectors.netsuite.client import NetSuiteClient, connect
from connectors.netsuite.moments import AccountTime
from connectors.netsuite.query import Select, literal

__all__ = ["AccountTime", "NetSuiteClient", "Select", "connect", "literal"]
