"""Raw tables as assets: one definition per system, one partition per instance, landing suites as blocking checks.

It wraps `ingestion.runner` and owns no extraction logic. An instance that fails stops its own partition only.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import dagster as dg
import duckdb

from ingestion.config_tables import load_config_tables
from ingestion.registry import system as system_of
from ingestion.runner import Mode, SyncResult, sync_instance
from ingestion.warehouse import open_warehouse, warehouse_lock
from orchestration.ledger_tables import ledger_table_names, load_ledger_tables
from orchestration.runtime import Runtime

OWNERS = ["team:data-engineering"]
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=3))
NIGHTLY_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26))
# One layer owns retries: the connector repeats reads, so a failed sync is a failed sync.
NO_STEP_RETRIES = dg.RetryPolicy(max_retries=0)
CHECK = "landing_suite"


class SyncOptions(dg.Config):
    """How to sync: `full` re-reads everything and sweeps for deletions."""

    full: bool = False


def instance_partitions(runtime: Runtime, system: str) -> dg.StaticPartitionsDefinition:
    """One partition per instance of a system, so that a broken instance never blocks another."""
    return dg.StaticPartitionsDefinition(
        [instance.name for instance in runtime.config.instances if instance.system == system]
    )


def raw_key(system: str, table: str) -> dg.AssetKey:
    """Asset key of a raw table: equal to the dbt source's key, so the graph joins up."""
    return dg.AssetKey([f"raw_{system}", table])


def systems(runtime: Runtime) -> list[str]:
    """Systems of the estate, in the order they first appear."""
    return list(dict.fromkeys(instance.system for instance in runtime.config.instances))


def build_system_assets(runtime: Runtime, system: str) -> dg.AssetsDefinition:
    """The raw tables of one system as one partitioned definition."""
    tables = system_of(system).tables
    specs = [_table_spec(system, name) for name in tables]

    @dg.multi_asset(
        name=f"sync_{system}",
        specs=specs,
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=raw_key(system, name),
                blocking=True,
                description="Great Expectations suite on the rows this run landed.",
            )
            for name in tables
        ],
        partitions_def=instance_partitions(runtime, system),
        retry_policy=NO_STEP_RETRIES,
        pool=f"vendor_{system}",
        op_tags={"dagster/concurrency_key": f"vendor_{system}"},
    )
    def sync(context: dg.AssetExecutionContext, config: SyncOptions) -> Iterator[dg.MaterializeResult]:
        mode: Mode = "full" if config.full else "incremental"
        result = sync_instance(
            runtime.config, context.partition_key, mode=mode, home=runtime.home, clock=runtime.clock
        )
        context.log.info(f"{context.partition_key}: {result.rows_read} rows read, run {result.run_id}")
        yield from _results(runtime, system, list(tables), result)

    return sync


def _results(
    runtime: Runtime, system: str, tables: list[str], result: SyncResult
) -> Iterator[dg.MaterializeResult]:
    from ingestion.expectations import validate_instance  # Great Expectations takes 3 s to import

    outcomes = validate_instance(
        runtime.config,
        result.instance,
        runtime.home,
        result.run_id,
        clock=runtime.clock,
        docs=result.mode == "full",
    )
    for table in tables:
        mine = [outcome for outcome in outcomes if outcome.object == table]
        failed = [outcome for outcome in mine if not outcome.success]
        yield dg.MaterializeResult(
            asset_key=raw_key(system, table),
            metadata={
                "instance": result.instance,
                "rows_read": result.rows_by_table.get(table, 0),
                "sync_run": result.run_id,
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=CHECK,
                    asset_key=raw_key(system, table),
                    passed=not any(outcome.severity == "blocking" for outcome in failed),
                    severity=dg.AssetCheckSeverity.ERROR
                    if any(outcome.severity == "blocking" for outcome in failed)
                    else dg.AssetCheckSeverity.WARN,
                    metadata={
                        "expectations": len(mine),
                        "failed": [outcome.expectation for outcome in failed],
                        "data_docs": dg.MetadataValue.path(
                            runtime.home.data_docs / result.instance / "index.html"
                        ),
                    },
                )
            ],
        )


def _table_spec(system: str, table: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(system, table),
        group_name=f"raw_{system}",
        kinds={"dlt", "duckdb"},
        owners=OWNERS,
        description=f"{table} as {system} holds it, one row per record and instance, types declared.",
        freshness_policy=FRESHNESS,
    )


def build_config_assets(runtime: Runtime) -> dg.AssetsDefinition:
    """config/ as tables, so that business rules in SQL read the same settings as the code."""
    names = (
        "firm", "instance", "business_unit", "legal_entity", "practice", "value_map",
        "holiday", "transfer_price", "revenue_plan", "check_setting", "check_parameter", "workflow_stage",
        "handover_checklist",
    )  # fmt: skip
    described = {name: f"config/: {name} as a table." for name in names}
    return _copied_tables(
        runtime,
        "load_configuration",
        dg.AssetSpec("raw_config", group_name="configuration", kinds={"yaml", "duckdb"}),
        described,
        lambda connection: load_config_tables(runtime.config, connection),
    )


def build_ledger_assets(runtime: Runtime) -> dg.AssetsDefinition:
    """Decisions of the ledger as tables, so that rules in SQL know what is waived, proposed and verified."""
    described = {
        name: f"Table {name} of the ledger as it stood before the build." for name in ledger_table_names()
    }
    return _copied_tables(
        runtime,
        "load_ledger",
        dg.AssetSpec("raw_ledger", group_name="raw_ledger", kinds={"sqlite", "duckdb"}),
        described,
        lambda connection: load_ledger_tables(runtime.home, connection),
    )


def _copied_tables(
    runtime: Runtime,
    name: str,
    schema: dg.AssetSpec,
    described: dict[str, str],
    load: Callable[[duckdb.DuckDBPyConnection], dict[str, int]],
) -> dg.AssetsDefinition:
    """All tables of one schema, replaced together by `load`, which returns the rows of each."""
    specs = {
        table: schema.replace_attributes(
            key=dg.AssetKey([*schema.key.path, table]),
            owners=OWNERS,
            description=words,
            freshness_policy=NIGHTLY_FRESHNESS,
        )
        for table, words in described.items()
    }

    @dg.multi_asset(name=name, specs=list(specs.values()), retry_policy=NO_STEP_RETRIES, pool="warehouse")
    def copy() -> Iterator[dg.MaterializeResult]:
        with warehouse_lock(runtime.home), open_warehouse(runtime.home) as connection:
            counts = load(connection)
        for table, spec in specs.items():
            yield dg.MaterializeResult(asset_key=spec.key, metadata={"rows": counts[table]})

    return copy
