"""What can go wrong with watching for drift, by name; each message is a sentence for a person."""

from __future__ import annotations


class ControllerError(Exception):
    """Root of this package's errors."""


class PrometheusAway(ControllerError):
    """It does not answer, or not what was asked."""


class StateUnreadable(ControllerError):
    """The state is not there, or is not what the controller wrote."""


class ProfileUnsignable(ControllerError):
    """There is nothing yet that could be a site's profile."""


class NothingWatched(ControllerError):
    """The controller watches no such site or version."""
