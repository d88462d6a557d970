"""A served org per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.salesforce.org import OrgUnderTest, start_org


@pytest.fixture
def org(tmp_path: Path) -> Iterator[OrgUnderTest]:
    started = start_org(tmp_path)
    yield started
    started.server.stop()
    started.store.close()
