"""The audit trail: written with every step, verified by one command, exported for outsiders."""

from reverse_etl.audit.anchor import ARCHIVED, Anchor, last_anchor, vouched
from reverse_etl.audit.chain import GENESIS, append, events, hash_of, moment_text
from reverse_etl.audit.content import content_hash_of, proposed_detail
from reverse_etl.audit.export import compare_with_export, export, export_part, verify_export
from reverse_etl.audit.problems import ChainProblem, ChainReport
from reverse_etl.audit.verification import verify, verify_chain

__all__ = [
    "ARCHIVED",
    "GENESIS",
    "Anchor",
    "ChainProblem",
    "ChainReport",
    "append",
    "compare_with_export",
    "content_hash_of",
    "events",
    "export",
    "export_part",
    "hash_of",
    "last_anchor",
    "moment_text",
    "proposed_detail",
    "verify",
    "verify_chain",
    "verify_export",
    "vouched",
]
