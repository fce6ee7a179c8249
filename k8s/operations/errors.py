"""What can go wrong while operating, as sentences for whoever runs the command."""

from __future__ import annotations


class OperationError(Exception):
    """Root of the tree: `str()` of one is what the terminal shows."""


class SiteFileInvalid(OperationError):
    """The site file lacks a value, or a value cannot be what it should be; one line per mistake."""


class ToolMissing(OperationError):
    """A program that is needed is not on this machine, or does not answer."""


class KubectlFailed(OperationError):
    """kubectl ended with an error; its own words are in the message."""


class BundleIncomplete(OperationError):
    """Something that belongs into a bundle is missing."""


class BundleDamaged(OperationError):
    """A bundle is not what its checksums say; one line per file."""


class LockUnreadable(OperationError):
    """A lock file is not what `make lock` writes."""


class BaseImageUnknown(OperationError):
    """An image that ours are built upon has no digest yet."""
