"""What can keep the sentinel from looking, by name; each message is a sentence for a person."""

from __future__ import annotations


class SentinelError(Exception):
    """Root of this package's errors."""


class SettingInvalid(SentinelError):
    """A setting that it cannot have."""


class GoldenPhotosUnreadable(SentinelError):
    """The pinned version has no golden photos that can be read: there is nothing to compare with."""


class NoAnswer(SentinelError):
    """Nothing came back through the front door, or not in time. `code` says which stage failed, for the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PauseFailed(SentinelError):
    """The gateway did not pause when it was told to."""
