"""How each vendor proves that a webhook is its own, and what the message says changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from config.schema import Instance
from connectors.webhooks.bamboohr import BambooHrVerifier
from connectors.webhooks.base import Change, NotGenuineError, Post, Receipt, Verifier
from connectors.webhooks.netsuite import NetSuiteVerifier
from connectors.webhooks.salesforce import SalesforceVerifier

_VERIFIERS: Mapping[str, Callable[..., Verifier]] = {
    "bamboohr": BambooHrVerifier,
    "netsuite": NetSuiteVerifier,
    "salesforce": SalesforceVerifier,
}

__all__ = ["Change", "NotGenuineError", "Post", "Receipt", "Verifier", "verifier_of"]


def verifier_of(instance: Instance, environ: Mapping[str, str], tolerance: timedelta) -> Verifier:
    """The check of one instance's webhooks; messages older than `tolerance` are refused.

    Raises LookupError naming the instance, and the variable when the secret is not set.
    """
    if instance.webhook is None:
        raise LookupError(f"instance {instance.name}: config/estate.yml gives it no webhook.")
    made = _VERIFIERS.get(instance.system)
    if made is None:
        raise LookupError(
            f"instance {instance.name}: {instance.system} sends no webhooks that we can verify."
        )
    secret = environ.get(instance.webhook.secret)
    if not secret:
        variable = instance.webhook.secret
        raise LookupError(f"instance {instance.name}: set the environment variable {variable}.")
    return made(secret, tolerance=tolerance, **instance.webhook.options)
