"""Write-back in the graph: publish, verify what was delivered, propose what is found, dispatch what may go.

The order is the safety: verification and proposals read the published copy, which exists only after a green
build, so a failed blocking test stops write-back by stopping publication. Control totals that do not tie keep the last
good copy and hold back the checks that read those figures; what is approved of other checks still goes out.
"""

from typing import Any

import dagster as dg

from orchestration.alerts import alert
from orchestration.closing import keep_evidence_and_remind
from orchestration.control_totals import NotTiedError, holds, reason
from orchestration.defs.ingestion import NO_STEP_RETRIES
from orchestration.finding_states import record_finding_states
from orchestration.publish import publish
from orchestration.runtime import Runtime
from orchestration.translator import FRESHNESS
from orchestration.writeback import Writeback

OWNERS = ["team:finance-operations"]
_CONSERVATION = "no_correction_is_lost"
_TIES = "control_totals_tie"


def build_correction_assets(runtime: Runtime, public_keys: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The six assets after the build; `public_keys` are the dbt models that are published."""
    common: dict[str, Any] = {
        "group_name": "reverse_etl",
        "owners": OWNERS,
        "retry_policy": NO_STEP_RETRIES,
        "freshness_policy": FRESHNESS,
    }

    @dg.asset(
        key="published_copy",
        deps=public_keys,
        kinds={"duckdb"},
        pool="warehouse",
        description="The read-only file that console and write-back open, renamed into place after a green build.",
        check_specs=[
            dg.AssetCheckSpec(
                _TIES,
                asset="published_copy",
                description="Rows, hours and money tie from the vendor's page to the mart and the ledger (X03).",
            )
        ],
        **common,
    )
    def published_copy() -> dg.MaterializeResult:
        writeback = Writeback.open(runtime)
        try:
            done = publish(runtime.home)
        except NotTiedError as error:
            return _kept(runtime, writeback, error)
        metadata = {"file": done.path.name, "tables": done.tables, "rows": done.rows, **writeback.hold({})}
        return dg.MaterializeResult(
            metadata=metadata, check_results=[dg.AssetCheckResult(passed=True, check_name=_TIES)]
        )

    @dg.asset(
        key="finding_states",
        deps=["published_copy"],
        kinds={"sqlite"},
        pool="ledger",
        description="Where each finding stands after the build, kept in the ledger for the next one.",
        **common,
    )
    def finding_states() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=record_finding_states(runtime))

    @dg.asset(
        key="month_end_close",
        deps=["finding_states"],
        kinds={"sqlite"},
        pool="ledger",
        description="Evidence of the close checks per company, kept in the ledger; reminders of what is missing.",
        **common,
    )
    def month_end_close() -> dg.MaterializeResult:
        counts, reminders = keep_evidence_and_remind(runtime)
        for key, text in reminders:
            alert(runtime.home.logs / "alerts.jsonl", key=f"close:{key}", text=text, now=runtime.clock())
        return dg.MaterializeResult(metadata={**counts, "reminders": dict(reminders)})

    @dg.asset(
        key="correction_verifications",
        deps=["published_copy"],
        kinds={"sqlite"},
        pool="ledger",
        description="Delivered corrections whose finding a fresh read no longer shows.",
        **common,
    )
    def correction_verifications() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=Writeback.open(runtime).verify())

    @dg.asset(
        key="correction_proposals",
        deps=["correction_verifications"],
        kinds={"sqlite"},
        pool="ledger",
        description="Corrections the sync models propose, in the ledger once each, with the policy's verdict.",
        **common,
    )
    def correction_proposals() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=Writeback.open(runtime).propose())

    @dg.asset(
        key="correction_deliveries",
        deps=["correction_proposals"],
        kinds={"api"},
        pool="dispatch",
        description="Approved corrections written to their systems: read, compare, write, read back.",
        check_specs=[
            dg.AssetCheckSpec(
                _CONSERVATION,
                asset="correction_deliveries",
                description="The corrections that ever came in equal the sum over the states they are in now.",
            )
        ],
        **common,
    )
    def correction_deliveries() -> dg.MaterializeResult:
        writeback = Writeback.open(runtime)
        delivered, found = writeback.dispatch(), writeback.conservation()
        check = dg.AssetCheckResult(
            passed=found.is_whole,
            check_name=_CONSERVATION,
            metadata={"result": found.words, "proposed": found.proposed, **found.by_state},
        )
        return dg.MaterializeResult(metadata=delivered, check_results=[check])

    return [
        published_copy,
        finding_states,
        month_end_close,
        correction_verifications,
        correction_proposals,
        correction_deliveries,
    ]


def _kept(runtime: Runtime, writeback: Writeback, error: NotTiedError) -> dg.MaterializeResult:
    """The last good copy stays and says why. Raises the error when there is none yet."""
    metadata = writeback.hold(holds(error.broken))
    alert(runtime.home.logs / "alerts.jsonl", key="control_totals", text=str(error), now=runtime.clock())
    if not runtime.home.published.exists():
        raise error
    broken = [one.words for one in error.broken]
    check = dg.AssetCheckResult(passed=False, check_name=_TIES, metadata={"broken": broken})
    kept = {"file": runtime.home.published.resolve().name, "not_published": reason(error.broken)}
    return dg.MaterializeResult(metadata={**kept, **metadata}, check_results=[check])
