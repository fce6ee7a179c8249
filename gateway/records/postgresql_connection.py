"""Connections to PostgreSQL whose refusals of TLS say why. Imports the driver, so only where there is a PostgreSQL."""

from __future__ import annotations

import ssl
from typing import Any

from pg8000 import InterfaceError  # type: ignore[import-untyped]  # it has none

from gateway.records.database_tls import refusal_of


class TlsRefused(InterfaceError):  # type: ignore[misc]  # the driver has no types
    """No connection, because of TLS; the message says why, as a clause without a password. SQLAlchemy wraps it as the driver's own."""


def connect(dialect: Any, _record: object, positional: Any, named: Any) -> object:  # noqa: ANN401 - of SQLAlchemy
    """Connect as SQLAlchemy asks, and have refusals of TLS look like every other error of the driver: some would be Python's own.

    Raises:
        TlsRefused: there is no TLS as it was asked for.
        pg8000.InterfaceError: there is no connection.
    """
    try:
        connected: object = dialect.connect(*positional, **named)
    except (ssl.SSLError, InterfaceError) as error:
        clause = refusal_of(error, named.get("host"))
        if clause is None:
            raise
        raise TlsRefused(clause) from None
    return connected
