from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.site import Site, Visitor, running_site


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For tests that only read."""
    with running_site(tmp_path_factory.mktemp("console")) as site:
        yield site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """For tests that decide."""
    with running_site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def carla(shared_site: Site) -> Visitor:
    """The chief financial officer: sees everything, approves without limit."""
    return shared_site.visitor("carla.cfo")
