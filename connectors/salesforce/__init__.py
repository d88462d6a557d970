"""How to talk to a Salesforce org: REST, Bulk 2.0 queries, JWT bearer sign-in."""

from connectors.salesforce.client import SalesforceClient, connect
from connectors.salesforce.query import quoted

__all__ = ["SalesforceClient", "connect", "quoted"]
