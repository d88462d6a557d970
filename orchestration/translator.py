"""How dbt models appear in the graph: one short method per attribute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

_OWNERS = {
    "staging": "team:data-engineering",
    "intermediate": "team:data-engineering",
    "canonical": "team:data-engineering",
    "history": "team:finance-operations",
    "reconciliation": "team:finance-operations",
    "leadership": "team:finance-operations",
    "sync": "team:finance-operations",
}
# The nightly reconcile builds everything: what is older than a night and its run was missed.
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26))


class Translator(DagsterDbtTranslator):
    """Keys are layer/model; groups are layers; sources keep [raw_<system>, table]."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_source_tests_as_checks=False
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Sources: [source, table], equal to the raw asset; models: [layer, model]."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([_layer(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer, staging split by system; seeds belong to the configuration."""
        if dbt_resource_props["resource_type"] == "seed":
            return "configuration"
        folders = dbt_resource_props["fqn"][1:-1]
        return "_".join(folders[:2]) if folders and folders[0] == "staging" else _layer(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        """Data engineering owns the picture, finance operations the findings and figures."""
        return [_OWNERS.get(_layer(dbt_resource_props), "team:data-engineering")]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        """The default spec, with the promise that a night never passes without a build."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(freshness_policy=FRESHNESS)


def _layer(properties: Mapping[str, Any]) -> str:
    folders = [part for part in properties["fqn"][1:-1] if part != "marts"]
    return folders[0] if folders else "dbt"
