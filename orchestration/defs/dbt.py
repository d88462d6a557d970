"""The dbt project as assets: models are assets, tests are checks, a failed test stops what is downstream."""

import os
import subprocess
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import version
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets
from packaging.version import Version

from ingestion.warehouse import warehouse_lock
from orchestration.dbt_guard import OWNER
from orchestration.defs.ingestion import NO_STEP_RETRIES
from orchestration.record_rules import remember_rules, rules_built_with, rules_of_records
from orchestration.runtime import DBT, DBT_PROJECT, Runtime, ensure_manifest
from orchestration.translator import Translator


def build_dbt_assets(runtime: Runtime) -> dg.AssetsDefinition:
    """All models with their tests; the build file is opened behind the warehouse lock."""
    manifest = ensure_manifest(runtime)

    @dbt_assets(
        manifest=manifest,
        name="build_models",
        dagster_dbt_translator=Translator(),
        pool="warehouse",
        retry_policy=NO_STEP_RETRIES,
    )
    def build_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        # Unit tests prove the SQL, not the data: they belong to `make test`, not to every build.
        # The manifest is at hand and Dagster hears every result: writing both out again is a quarter of a build.
        arguments = ["build", "--exclude-resource-type", "unit_test", "--no-write-json"]
        os.environ.update({**runtime.dbt_environment(), OWNER: str(os.getpid())})
        with warehouse_lock(runtime.home):
            written = rules_of_records()
            if written != rules_built_with(runtime.home):
                arguments.append("--full-refresh")
            started = dbt.cli(arguments, context=context, target_path=runtime.dbt_target)
            try:
                yield from started.stream()
            finally:
                _end(started.process)
            if not context.is_subset:
                remember_rules(runtime.home, written)

    return build_models


def _end(process: subprocess.Popen[bytes]) -> None:
    """A step that fails over what dbt says stops listening; dbt would wait to be heard with the file in hand."""
    if process.poll() is None:
        process.kill()
        process.wait()


class InstalledDbt(DbtCliResource):
    """dbt beside this interpreter: its version is on record, where the base class starts dbt anew to ask it."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))


def dbt_resource(runtime: Runtime) -> DbtCliResource:
    """The dbt command line, pointed at this home's warehouse."""
    os.environ.update(runtime.dbt_environment())
    return InstalledDbt(project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=str(DBT))
