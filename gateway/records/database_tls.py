"""TLS to PostgreSQL: when it is required, whom it trusts, and a sentence where it is refused.

Needs no SQLAlchemy: settings are read where records are off, too.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:  # it is read there
    from gateway.settings import Settings

HOST_MISMATCH: Final = (62, 64)
"""OpenSSL's codes of a certificate that is made out to another host or address."""
SERVER_REFUSES: Final = "Server refuses SSL"
"""What the driver says of a server that answers N to PostgreSQL's SSLRequest."""


class TlsDemand(StrEnum):
    """One of two; where neither is said, it is required of every host but this machine."""

    REQUIRE = "require"
    """With a certificate that an authority signed that is trusted, made out to the host of the address: PostgreSQL's verify-full."""
    OFF = "off"
    """Receipts cross the network in clear, where nothing else protects the way."""


class CaFileInvalid(ValueError):
    """The file of authorities cannot be used; the message says why."""


def tls_demand(value: str) -> TlsDemand:
    """A reader of settings."""
    try:
        return TlsDemand(value)
    except ValueError:
        message = f"must be {' or '.join(TlsDemand)}"
        raise ValueError(message) from None


@dataclass(frozen=True, slots=True)
class DatabaseTls:
    """What a site says of TLS to its database.

    Attributes:
        demand: None where the host decides.
        ca_file: PEM file of the authorities that are trusted; the system's where None.
    """

    demand: TlsDemand | None = None
    ca_file: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.records_tls, settings.records_ca_file)

    def require_ca_file(self) -> None:
        """Check the file of authorities, where one is named.

        Raises:
            CaFileInvalid: it cannot be used.
        """
        if self.ca_file is not None:
            DatabaseTls(TlsDemand.REQUIRE, self.ca_file).context_for(None)

    def context_for(self, host: str | None) -> ssl.SSLContext | None:
        """What a connection to a host must be made with; None where it needs no TLS.

        Raises:
            CaFileInvalid: the file of authorities cannot be used.
        """
        if self.demand is TlsDemand.OFF:
            return None
        if self.demand is None and self.ca_file is None and is_this_machine(host):
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ValueError) as error:
            message = f"SYMMETRA_RECORDS_CA_FILE is {str(self.ca_file)!r}: must be a readable PEM file with certificates ({_why(error)})"
            raise CaFileInvalid(message) from None


BY_HOST: Final = DatabaseTls()
"""Where a site says nothing."""


def is_this_machine(host: str | None) -> bool:
    """Whether what is sent there stays on this machine.

    >>> [is_this_machine(host) for host in (None, "localhost", "127.8.0.1", "::1", "10.1.2.3", "postgres.hospital.example")]
    [True, True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host or "127.0.0.1").is_loopback
    except ValueError:
        return host == "localhost"


def refusal_of(error: Exception, host: str | None) -> str | None:
    """Why there was no TLS, as a clause; None where an error is about something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in HOST_MISMATCH:
            return (
                f"its certificate is not made out to {host}: use the name that it has, or have one made for this name"
            )
        return (
            f"its certificate is not trusted ({error.verify_message}): put the authority that signed it into the file of "
            "SYMMETRA_RECORDS_CA_FILE"
        )
    if isinstance(error, ssl.SSLError):
        return f"it speaks TLS in a way that is refused here ({_why(error)})"
    if SERVER_REFUSES in str(error):
        return (
            "it does not speak TLS, which is required: switch ssl on there, or say SYMMETRA_RECORDS_TLS=off where nobody can listen "
            "on the way to it"
        )
    return None


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not understood").lower().replace("_", " ")
    return (error.strerror or "not readable").lower() if isinstance(error, OSError) else "no text"
