"""Serves the estate's simulators: one port per instance, state in the sandbox folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from config.clock import Clock, now
from config.schema import Instance
from sandbox.credentials import of_instance
from sandbox.simulators import bamboohr, kantata, netsuite, salesforce
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier

MODULES = {"salesforce": salesforce, "netsuite": netsuite, "kantata": kantata, "bamboohr": bamboohr}


def open_store(instance: Instance, folder: Path) -> Store:
    """The store of one simulated instance, created empty when absent.

    Raises LookupError for a system that has no simulator.
    """
    module = MODULES.get(instance.system)
    if module is None:
        raise LookupError(f"instance {instance.name}: there is no simulator for {instance.system}")
    shape = getattr(module, "schema_for", None)
    return Store(
        folder / f"{instance.name}.db",
        shape(instance.custom_fields).tables if shape else module.TABLES,
        keys=getattr(module, "KEYS", None),
        indexes=getattr(module, "INDEXES", None),
    )


def build_app(
    instance: Instance,
    store: Store,
    environ: Mapping[str, str],
    clock: Clock = now,
    courier: Courier | None = None,
) -> ASGIApp:
    """The vendor app of one instance, with the credentials Concord will present; `courier` takes its webhooks."""
    module = MODULES[instance.system]
    settings = module.settings_for(of_instance(instance, environ), instance.options)
    if shape := getattr(module, "schema_for", None):
        settings = replace(settings, schema=shape(instance.custom_fields))
    if courier is not None:
        settings = replace(settings, courier=courier)
    return module.create_app(store, settings, clock, Faults())


def courier_of(instance: Instance, inbox: str | None, environ: Mapping[str, str]) -> Courier | None:
    """Who takes an instance's webhooks to the inbox at that address; None when it has no hook or no secret."""
    secret = environ.get(instance.webhook.secret) if instance.webhook else None
    if inbox is None or not secret:
        return None
    return Courier(url=f"{inbox}/hooks/{instance.name}", secret=secret)


def serve(
    instances: list[Instance],
    folder: Path,
    environ: Mapping[str, str],
    *,
    free_ports: bool = False,
    inbox: str | None = None,
) -> dict[str, SimServer]:
    """Start a simulator per instance on the port of its base_url (or any free one). Returns name -> server.

    `inbox` is where webhooks go; without it none are sent.
    """
    servers = {}
    for instance in instances:
        port = 0 if free_ports else urlsplit(instance.base_url).port or 80
        courier = courier_of(instance, inbox, environ)
        app = build_app(instance, open_store(instance, folder), environ, courier=courier)
        servers[instance.name] = SimServer(app, port)
    for server in servers.values():
        server.start()
    return servers
