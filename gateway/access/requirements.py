"""What access needs before the gateway starts; everything that is missing is named at once."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.access.intended_use import IntendedUse
from gateway.access.key_file import KeyFileInvalid, read_keys
from gateway.access.secret_keys import MAX_KEYS, SecretKeys, SecretKeysInvalid
from gateway.records.record_keys import MAX_KEYS as MAX_RECORD_KEYS
from gateway.settings import Settings, name_of


def missing_for_access(settings: Settings) -> list[str]:
    """One sentence per thing that is missing or cannot be used; none where the gateway may start."""
    missing = _missing_outside_loopback(settings) if not settings.is_loopback else []
    return missing + _unusable_files(settings)


def _missing_outside_loopback(settings: Settings) -> list[str]:
    missing = []
    if settings.api_keys_file is None and settings.oidc_issuer is None:
        missing.append(
            f"{name_of('api_keys_file')} is missing, and so is {name_of('oidc_issuer')}: nobody could be told from anybody. "
            "`python -m gateway keys add --name NAME --scope screen` makes a key"
        )
    if settings.intended_use is None:
        missing.append(
            f"{name_of('intended_use')} is missing: say what this gateway is used for, one of {', '.join(IntendedUse)}"
        )
    if settings.session_key_file is None:
        missing.append(
            f"{name_of('session_key_file')} is missing: a file with a secret that all replicas share; "
            "`openssl rand -hex 32` makes one"
        )
    return missing


def _unusable_files(settings: Settings) -> list[str]:
    unusable = []
    if settings.api_keys_file is not None:
        name, path = name_of("api_keys_file"), settings.api_keys_file
        try:
            now = datetime.now(UTC)
            if not any(record.is_valid(now) for record in read_keys(path)) and settings.oidc_issuer is None:
                unusable.append(f"{name}: {path} holds no key that is valid now, so nobody could ask")
        except OSError as error:
            unusable.append(f"{name}: {path} cannot be read: {error.strerror}")
        except KeyFileInvalid as error:
            unusable.append(f"{name}: {path} {error}")
    secrets = (("session_key_file", MAX_KEYS), ("record_key_file", MAX_RECORD_KEYS))
    for field, most in secrets:
        name, path = name_of(field), getattr(settings, field)
        if path is None:
            continue
        try:
            SecretKeys.read(path, most=most)
        except OSError as error:
            unusable.append(f"{name}: {path} cannot be read: {error.strerror}")
        except SecretKeysInvalid as error:
            unusable.append(f"{name}: {path} {error}")
    return unusable + _unusable_client_secret(settings)


def _unusable_client_secret(settings: Settings) -> list[str]:
    name, path = name_of("oidc_client_secret_file"), settings.oidc_client_secret_file
    if path is None:
        return []
    try:
        return [] if path.read_text(encoding="ascii").strip() else [f"{name}: {path} is empty"]
    except OSError as error:
        return [f"{name}: {path} cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return [f"{name}: {path} holds something else than ASCII"]
