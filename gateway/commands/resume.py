"""`python -m gateway resume`: answer photos again, after a look at the version in service.

The look is the sentinel's: every file against its manifest, every golden crop against its answer. Where it finds a mismatch
nothing is resumed. Where it cannot look, a pause that the sentinel made stays too; a person's own ends without a look. With
`--force` and a reason it ends in any case, and the record says so.
"""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.commands.place import add_by, add_place, find_repository
from gateway.stop.finding import Finding
from gateway.stop.pause_change import PauseAction, PauseReason, PauseRecordUnreadable
from gateway.stop.resuming import Obstacle, obstacle_to_resume
from gateway.stop.stop_switch import Effect, StopSwitch


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Resume, or say why not."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway resume", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the record; required by --force")
    parser.add_argument("--force", action="store_true", help="without a look at the version in service")
    add_by(parser)
    add_place(parser, environment)
    options = parser.parse_args(arguments)
    if options.force and not options.reason.strip():
        parser.error("--force needs a --reason")
    repository = find_repository(parser, options)
    switch = StopSwitch(repository.directory)
    try:
        reason, pause_id = _pause_in_force(switch)
        if reason is None:
            out.write(f"{options.model} is not paused\n")
            return 0
        finding = None
        if not options.force:
            place = {
                "SYMMETRA_MODEL_REPOSITORY": os.fspath(options.repository),
                "SYMMETRA_MODEL_NAME": options.model,
            }
            finding = _look({**environment, **place})
            refusal = _refusal(reason, finding)
            if refusal:
                err.write(f"NOT resumed: {refusal}\n")
                return 1
        outcome = switch.resume(
            by=options.by.strip() or getpass.getuser(),
            why=options.reason,
            details=_details(finding),
            pause_id=pause_id,
        )
    except OSError as error:
        err.write(f"NOT resumed: {repository.directory} cannot be used: {error.strerror}\n")
        return 1
    if outcome.effect is Effect.OTHER_PAUSE and outcome.change is not None:
        since = f"{outcome.change.at} by {outcome.change.by} ({outcome.change.reason}): {outcome.change.why}"
        err.write(f"NOT resumed: meanwhile it was paused anew, {since}. Look into that, and resume again\n")
        return 1
    looked = "without a look" if finding is None else f"the look said: {finding.says}"
    out.write(f"{options.model} answers photos again ({looked})\n")
    if not outcome.noted:
        err.write("The history could not be written; the next change notes this one first.\n")
        return 1
    return 0


def _pause_in_force(switch: StopSwitch) -> tuple[PauseReason | None, str | None]:
    """Its reason and its id; no reason where screening is not paused, no id where the record cannot be read."""
    try:
        state = switch.state()
    except PauseRecordUnreadable:
        return PauseReason.STATE_UNREADABLE, None
    if state is None or state.action is not PauseAction.PAUSE:
        return None, None
    return state.reason, state.id


def _look(environment: Mapping[str, str]) -> Finding:
    from gateway.commands.dependencies import look_closely  # noqa: PLC0415 - imports gRPC

    return look_closely(environment)


def _refusal(reason: PauseReason, finding: Finding) -> str:
    """Why screening must stay paused; "" where it need not."""
    obstacle = obstacle_to_resume(reason, finding)
    if obstacle is Obstacle.MISMATCH_SHOWS:
        return (
            f"the version in service still gives a {finding.pause_reason}: {finding.says}. Make another version live "
            f"(python -m serving.repository promote or rollback), or mend the model server; --force resumes all the same"
        )
    if obstacle is Obstacle.NOT_LOOKED:
        return (
            f"the sentinel paused because of a {reason}, and nobody could look whether it is gone: {finding.says}. "
            f"--force resumes all the same"
        )
    return ""


def _details(finding: Finding | None) -> dict[str, str]:
    return {"look": "forced" if finding is None else finding.result.value}
