"""Every test starts from a clean environment: no credentials, no home, no clock of the developer's machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _clean_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("CONCORD_") or name in {"DAGSTER_HOME", "HTTP_PROXY", "HTTPS_PROXY"}:
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)
