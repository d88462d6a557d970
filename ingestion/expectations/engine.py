"""The one place that knows Great Expectations: guards and a frame in, verdicts out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ingestion.expectations.outcome import Guard, Verdict

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read while the library is imported

import great_expectations as gx
from great_expectations import expectations as gxe
from great_expectations.data_context.types.base import ProgressBarsConfig

FAILING_KEYS_KEPT = 1000
_SITE = "landing"


class Engine:
    """One ephemeral context whose Data Docs go to `docs`."""

    def __init__(self, docs: Path) -> None:
        self._docs = docs
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        for name in list(self._context.get_site_names()):
            self._context.delete_data_docs_site(name)
        self._source = self._context.data_sources.add_pandas("landing")

    def run(
        self, suite: str, guards: Sequence[Guard], frame: pd.DataFrame, key: tuple[str, ...]
    ) -> Iterator[Verdict]:
        """Verdicts of one suite on one frame; `key` names the columns that identify a failing row."""
        if not guards:
            return
        definition = self._context.validation_definitions.add(
            gx.ValidationDefinition(
                name=suite,
                data=self._source.add_dataframe_asset(suite).add_batch_definition_whole_dataframe("run"),
                suite=self._context.suites.add(
                    gx.ExpectationSuite(name=suite, expectations=[_expectation(guard) for guard in guards])
                ),
            )
        )
        result = definition.run(
            batch_parameters={"dataframe": frame},
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": list(key)},
        )
        for outcome in result.results:
            yield _verdict(outcome, key)

    def publish(self) -> None:
        """Write the Data Docs of what ran."""
        shutil.rmtree(self._docs, ignore_errors=True)
        self._docs.mkdir(parents=True, exist_ok=True)
        self._context.add_data_docs_site(
            site_name=_SITE,
            site_config={
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(self._docs),
                },
            },
        )
        self._context.build_data_docs(site_names=[_SITE])


def _expectation(guard: Guard) -> Any:
    arguments = {name: value for name, value in guard.arguments.items() if value is not None}
    return getattr(gxe, guard.expectation)(**arguments, meta={"severity": guard.severity})


def _verdict(outcome: Any, key: tuple[str, ...]) -> Verdict:
    config = outcome.expectation_config
    column = config.kwargs.get("column")
    columns = (column,) if column else tuple(config.kwargs.get("column_list", ()))
    failing = outcome.result.get("unexpected_index_list") or []
    keys = ["|".join(str(row[name]) for name in key) for row in failing]
    return Verdict(
        expectation=f"{config.type}({', '.join([*columns, *_limits(config.kwargs)])})",
        columns=columns,
        success=bool(outcome.success),
        evaluated=not (outcome.exception_info or {}).get("raised_exception"),
        severity=config.meta["severity"],
        observed=_observed(outcome),
        failing_keys=list(dict.fromkeys(keys))[:FAILING_KEYS_KEPT],
    )


def _limits(arguments: dict[str, Any]) -> list[str]:
    """Bounds are part of what was expected: one column can have a hard and a soft range."""
    names = {"min_value": "at least", "max_value": "at most", "mostly": "share"}
    return [f"{words} {arguments[name]:g}" for name, words in names.items() if name in arguments]


def _observed(outcome: Any) -> str:
    raised = outcome.exception_info or {}
    if raised.get("raised_exception"):
        return f"not evaluated: {raised.get('exception_message')}"
    result = outcome.result
    if "observed_value" in result:
        return str(result["observed_value"])
    failing, total = result.get("unexpected_count"), result.get("element_count")
    examples = result.get("partial_unexpected_list") or []
    return f"{failing} of {total} fail" + (f", for example {examples[0]}" if examples else "")
