"""The gateway does not start."""

from __future__ import annotations

from gateway.errors.root import GatewayError


class StartRefused(GatewayError):
    """The gateway does not start; the message says why and what to do."""


class SettingsInvalid(StartRefused):
    """One line for every mistake in the settings."""


class PortTaken(StartRefused):
    """Something else listens there."""


class HostUnknown(StartRefused):
    """An address to listen on that is none of this machine's, nor a name of one."""


class DetectorNotInstalled(StartRefused):
    """Without the face detector's weights no photo could be answered."""


class DemoModelNotAllowed(StartRefused):
    """A demo model outside loopback."""


class AccessNotSetUp(StartRefused):
    """Others could reach the gateway, and it could not tell who asks, what for, or keep a secret."""


class RecordsNotReady(StartRefused):
    """The database has the tables of another release, or none, or speaks no TLS that is trusted."""


class SeveralReasons(StartRefused):
    """More than one reason, each on lines of its own."""
