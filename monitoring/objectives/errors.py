"""What can be wrong with the objectives, by name."""

from __future__ import annotations


class ObjectivesError(Exception):
    """Root of this package's errors; the message is for a person: what is wrong, and where in the file."""


class ObjectivesUnreadable(ObjectivesError):
    """The file is not there, or is not the JSON that it must be."""


class ObjectivesIncomplete(ObjectivesError):
    """A member is missing, or one is there that nobody knows: a typing mistake must not silently leave a default in force."""


class ObjectiveInvalid(ObjectivesError):
    """A number that no objective, window or floor can have."""


class OutcomeListedTwice(ObjectivesError):
    """An outcome is in two lists, so that nobody could say whether it is a failure."""
