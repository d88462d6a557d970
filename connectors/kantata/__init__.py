"""How to talk to Kantata OX (REST API v1, formerly Mavenlink)."""

from connectors.kantata.client import KantataClient, connect
from connectors.kantata.envelope import Page, parse

__all__ = ["KantataClient", "Page", "connect", "parse"]
