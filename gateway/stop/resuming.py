"""What stands in the way of ending a pause: the same for the command and for the operator page."""

from __future__ import annotations

import enum

from gateway.stop.finding import Finding, LookResult
from gateway.stop.pause_change import PauseReason


class Obstacle(enum.StrEnum):
    """Why screening must stay paused."""

    MISMATCH_SHOWS = "mismatch_shows"
    """The version in service is still not what was published."""
    NOT_LOOKED = "not_looked"
    """A mismatch paused, and nobody could look whether it is gone."""


def obstacle_to_resume(reason: PauseReason, finding: Finding) -> Obstacle | None:
    """What stands in the way; None where screening may go on.

    Args:
        reason: Of the pause in force.
        finding: Of a close look at the version in service.
    """
    if finding.pause_reason is not None:
        return Obstacle.MISMATCH_SHOWS
    if finding.result is not LookResult.RIGHT and reason.is_mismatch:
        return Obstacle.NOT_LOOKED
    return None
