"""The audit trail: written with every step, verified by one command, exported for outsiders."""

from reverse_etl.audit.chain import GENESIS, append, events, hash_of, moment_text
from reverse_etl.audit.content import content_hash_of, proposed_detail
from reverse_etl.audit.export import compare_with_export, export, verify_export
from reverse_etl.audit.problems import ChainProblem, ChainReport
from reverse_etl.audit.verification import verify_chain

__all__ = [
    "GENESIS",
    "ChainProblem",
    "ChainReport",
    "append",
    "compare_with_export",
    "content_hash_of",
    "events",
    "export",
    "hash_of",
    "moment_text",
    "proposed_detail",
    "verify_chain",
    "verify_export",
]
