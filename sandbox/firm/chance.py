"""Chance without state: every draw depends only on the seed and on what it is drawn for.

A world built a week later therefore repeats every earlier draw, whatever else was drawn in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

Item = TypeVar("Item")
_SPAN = float(1 << 64)


@dataclass(frozen=True)
class Chance:
    """Draws of one firm."""

    seed: int

    def share(self, *key: object) -> float:
        """A number from 0 up to, not including, 1."""
        text = f"{self.seed}|" + "|".join(map(str, key))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / _SPAN

    def shares(self, *key: object) -> tuple[int, ...]:
        """Eight independent numbers from 0 to 65,535, for the price of one draw."""
        text = f"{self.seed}|" + "|".join(map(str, key))
        raw = blake2b(text.encode(), digest_size=16).digest()
        return tuple(raw[i] << 8 | raw[i + 1] for i in range(0, 16, 2))

    def hit(self, probability: float, *key: object) -> bool:
        """True with that probability."""
        return self.share(*key) < probability

    def between(self, low: int, high: int, *key: object) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.share(*key) * (high - low + 1))

    def pick(self, items: Sequence[Item], *key: object) -> Item:
        """One of the items."""
        return items[int(self.share(*key) * len(items))]

    def weighted(self, items: Sequence[tuple[Item, float]], *key: object) -> Item:
        """One of the items, by weight."""
        rest = self.share(*key) * sum(weight for _, weight in items)
        for item, weight in items:
            rest -= weight
            if rest < 0:
                return item
        return items[-1][0]

    def order(self, items: Sequence[Item], *key: object) -> list[Item]:
        """The items shuffled; items are told apart by their text or `key` attribute."""
        return sorted(items, key=lambda item: self.share(*key, getattr(item, "key", item)))
