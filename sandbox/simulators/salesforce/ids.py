"""Record ids: 15 case-sensitive characters and a 3-character checksum that survives case folding."""

from __future__ import annotations

import re

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")

#: Characters 4 and 5 say on which server an id was made, so that two orgs never share one.
DEFAULT_POD = "5g"
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "OpportunityStage": "01J",
    "Contract": "800",
    "Change_Request__c": "a01",
    "User": "005",
}


def checksum(short: str) -> str:
    """The three characters that complete a 15-character id: one bit per upper-case letter."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << offset for offset, char in enumerate(short[start : start + 5]) if "A" <= char <= "Z")
        suffix += _ALPHABET[bits]
    return suffix


def make_id(object_name: str, number: int | str, pod: str = DEFAULT_POD) -> str:
    """The 18-character id of the record with that running number, generated or made at run time."""
    short = f"{PREFIXES[object_name]}{pod}{int(number):010d}"
    return short + checksum(short)


def pod_of(record_id: str) -> str:
    """The server on which an id was made."""
    return record_id[3:5]


def full_id(value: str) -> str | None:
    """The 18-character form of a 15- or 18-character id, or None when the text is no id."""
    if not _SHAPE.fullmatch(value):
        return None
    return value[:15] + checksum(value[:15])
