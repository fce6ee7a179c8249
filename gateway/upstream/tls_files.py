"""The files behind TLS to the model server: a site's own authorities, and who we are to the model server.

Checked when the gateway starts, before its worker process exists: so nothing here imports gRPC.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SettingsInvalid
from gateway.settings import Settings, name_of


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files.

    Attributes:
        ca: Certificates of the authorities that may have signed the model server's.
        client_certificate: Ours, its chain included; None where the model server asks for none.
        client_key: Its private key, without a passphrase.
    """

    ca: Path
    client_certificate: Path | None = None
    client_key: Path | None = None


def tls_files_of(settings: Settings) -> TlsFiles | None:
    """The files that the settings name; None where the connection has no TLS."""
    if settings.model_server_ca_file is None:
        return None
    return TlsFiles(
        settings.model_server_ca_file, settings.model_server_client_cert_file, settings.model_server_client_key_file
    )


def require_tls_files(settings: Settings) -> None:
    """Check what the settings name, every mistake at once.

    Raises:
        SettingsInvalid: a file cannot be read, holds no certificate or no key, or the key belongs to another certificate;
            or a setting is there without the ones it needs.
    """
    ca, certificate, key = (name_of(f"model_server_{what}_file") for what in ("ca", "client_cert", "client_key"))
    ca_file = settings.model_server_ca_file
    pair = (settings.model_server_client_cert_file, settings.model_server_client_key_file)
    mistakes: list[str] = []
    if (pair[0] is None) != (pair[1] is None):
        mistakes.append(f"{certificate} and {key} belong together: set both, or neither")
    if ca_file is None and pair != (None, None):
        mistakes.append(f"{ca} is missing: a certificate of ours is only shown over TLS, which needs it")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is not None:
        try:
            context.load_verify_locations(cadata=ca_file.read_text(encoding="ascii"))
        except (OSError, ValueError, ssl.SSLError) as error:
            mistakes.append(f"{ca} is {str(ca_file)!r}: must be a readable PEM file with certificates ({_why(error)})")
    if pair[0] is not None and pair[1] is not None:
        try:
            # A passphrase would be asked for at the terminal, which a service has not.
            context.load_cert_chain(pair[0], pair[1], password="")
        except (OSError, ValueError, ssl.SSLError) as error:
            mistakes.append(
                f"{certificate} and {key} are {str(pair[0])!r} and {str(pair[1])!r}: must be readable PEM files with a "
                f"certificate and its private key, without a passphrase ({_why(error)})"
            )
    if mistakes:
        raise SettingsInvalid("\n".join(mistakes))


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not understood").lower().replace("_", " ")
    return (error.strerror or "not readable").lower() if isinstance(error, OSError) else "no text"
