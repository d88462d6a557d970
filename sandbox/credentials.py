"""Credentials of the simulated firm: made at init, given to simulators and, through the environment, to Concord."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dotenv import dotenv_values

from config.schema import Instance


def make_credentials(instances: list[Instance], path: Path) -> None:
    """Invent a credential for every variable the instances name and write them as an env file, owner-only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    complete_credentials(instances, path)


def complete_credentials(instances: list[Instance], path: Path) -> None:
    """Invent what the file lacks, so that a firm made before an instance or a webhook was added goes on."""
    path.touch(mode=0o600)
    known = read_credentials(path)
    lines = []
    for instance in instances:
        for logical, variable in sorted(instance.credentials.items()):
            if variable not in known:
                value = _private_key() if logical.endswith("private_key") else secrets.token_urlsafe(24)
                lines.append(f'{variable}="{value}"\n')
        if instance.webhook is not None and instance.webhook.secret not in known:
            lines.append(f'{instance.webhook.secret}="{secrets.token_urlsafe(32)}"\n')
    with path.open("a") as file:
        file.writelines(lines)


def read_credentials(path: Path) -> dict[str, str]:
    """Variable name -> value of a file made by `make_credentials`."""
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def of_instance(instance: Instance, environ: Mapping[str, str]) -> dict[str, str]:
    """Logical name -> value for one instance, as its simulator checks them."""
    return {logical: environ[variable] for logical, variable in instance.credentials.items()}


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode().strip()
