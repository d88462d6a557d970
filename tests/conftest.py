"""Tests start without the developer's environment: no credentials, no home, no clock of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

for _name in list(os.environ):
    if _name.startswith("CONCORD_") or _name in {"DAGSTER_HOME", "HTTP_PROXY", "HTTPS_PROXY"}:
        del os.environ[_name]


@pytest.fixture(autouse=True)
def _environment_is_put_back() -> Iterator[None]:
    """What one test sets, the next one does not see."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
