"""The burst benchmark in small: several workers, a vendor with a limit, nothing refused, nothing lost."""

from __future__ import annotations

import pytest

from benchmarks import dispatch_burst


@pytest.mark.slow
def test_a_burst_is_delivered_within_the_vendors_limit(tmp_path, monkeypatch, capsys):
    for name in ("CLIENT_ID", "USERNAME", "PRIVATE_KEY"):
        monkeypatch.setenv(f"CONCORD_SALESFORCE_GROUP_{name}", "replaced by the benchmark")
    dispatch_burst.run(tmp_path, corrections=40, limit=40, workers=2)
    told = capsys.readouterr().out
    assert "40 delivered by 2 workers" in told
    assert "refusals  0 " in told
    assert "40 corrections came in and 40 are in a state" in told
