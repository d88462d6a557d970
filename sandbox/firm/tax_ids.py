"""Tax numbers with the check digits that their countries prescribe."""

from __future__ import annotations

_GB_WEIGHTS = (8, 7, 6, 5, 4, 3, 2)
_GB_SHIFT = 55  # numbers issued since 2010 may be counted from there instead


def tax_number(country: str, digits: int, *, newer: bool = False) -> str:
    """A valid number made of the last digits given, as its country writes it. `newer` is the second British series."""
    text = f"{digits:013d}"
    if country == "GB":
        return f"GB{text[-7:]}{_british(text[-7:], _GB_SHIFT if newer else 0):02d}"
    if country == "DE":
        body = f"{digits % 10**7 + 10**7:08d}"  # never begins with a zero
        return f"DE{body}{_german(body)}"
    if country == "JP":
        return f"T{_japanese(text[-12:])}{text[-12:]}"
    return f"{text[-9:-7]}-{text[-7:]}"  # an American number has no check digit


def mistyped(number: str) -> str:
    """The number with one digit typed wrongly, where a check digit shows it."""
    place = 1 if number.startswith("T") else len(number) - 1
    return f"{number[:place]}{int(number[place]) % 9 + 1}{number[place + 1 :]}"


def _british(body: str, shift: int) -> int:
    """Weighted sum and check digits together are a multiple of 97."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _GB_WEIGHTS, strict=True)) + shift
    return 97 - total % 97


def _german(body: str) -> int:
    """ISO 7064, MOD 11,10."""
    product = 10
    for digit in body:
        product = 2 * ((int(digit) + product) % 10 or 10) % 11
    return (11 - product) % 10


def _japanese(body: str) -> int:
    """Digits counted from the right, every second one twice; what is missing to a multiple of nine stands in front."""
    total = sum(int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(body)))
    return 9 - total % 9
