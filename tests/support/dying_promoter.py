"""`python -m tests.support.dying_promoter ROOT VERSION SERVER MOMENT`: promotes, and is killed by SIGKILL at one moment.

MOMENT is a step of `serving.repository.promotion.Step`; "record", between the moved pin and the line of the history; a number of
seconds after the start of the promotion; or "never".
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from serving.repository import ModelRepository
from serving.repository import repository as repository_module
from serving.repository.availability import ServerGroup
from serving.repository.promotion import Promoter, Step
from serving.repository.rollout import Patience

GRACE_SECONDS = 0.5
PATIENCE = Patience(deadline_seconds=60.0, grace_seconds=GRACE_SECONDS)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(root: str, version: int, server: str, moment: str) -> None:
    def observe(step: Step) -> None:
        if step == moment:
            die()

    if moment == "record":
        repository_module.append_record = lambda *_: die()
    elif moment[0].isdigit():
        timer = threading.Timer(float(moment), die)
        timer.daemon = True
        timer.start()
    with ServerGroup([server]) as group:
        Promoter(ModelRepository(root), group, PATIENCE, observe=observe).promote(
            version, "a test", f"killed at {moment}"
        )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
