"""SOQL: parsed by a real SQL parser, compiled to SQL over the store."""

from sandbox.simulators.salesforce.soql.compiler import Compiler, Output, Query
from sandbox.simulators.salesforce.soql.dialect import SoqlError, parse

__all__ = ["Compiler", "Output", "Query", "SoqlError", "parse"]
