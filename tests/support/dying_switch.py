"""Pauses and resumes, dying by SIGKILL at the k-th step that touches the files, for k = 1, 2, ... until it lives.

Run as a script: `dying_switch.py FOLDER`. Each attempt is a forked child. Prints one JSON line per attempt: what a reader sees
right after the death, and what the history holds once the next order was given.
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.stop.pause_change import PauseReason
from gateway.stop.pause_reader import PauseReader
from gateway.stop.stop_switch import StopSwitch


def pause_resume_pause(folder, attempt):
    switch = StopSwitch(folder)
    switch.pause(by=f"ada {attempt}", why="x" * 5000)
    switch.resume(by=f"bob {attempt}", why="", details={})
    switch.pause_for_mismatch(PauseReason.GOLDEN_MISMATCH, by=f"sentinel {attempt}", why="x", details={})


def die_at_step(fatal_step, folder):
    steps = 0

    def count(*_):
        nonlocal steps
        steps += 1
        if steps == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event, arguments):
        if event in {"open", "os.rename", "os.remove"} and str(arguments[0]).startswith(folder):
            count()

    sys.addaudithook(watch)
    flush = os.fsync
    os.fsync = lambda descriptor: (count(), flush(descriptor))


def main(folder):
    switch = StopSwitch(Path(folder))
    for fatal_step in range(1, 1000):
        switch.resume(by="start", why="", details={})
        child = os.fork()
        if not child:
            die_at_step(fatal_step, folder)
            pause_resume_pause(Path(folder), fatal_step)
            os._exit(0)
        died = os.waitpid(child, 0)[1] != 0
        state = switch.state()
        pause = PauseReader(Path(folder), lambda _: None).current()
        report = {
            "died": died,
            "in_force": state and state.by,
            "action": state and state.action,
            "read_as": pause and pause.reason,
        }
        switch.resume(by="end", why="", details={})
        changes, unreadable = switch.history()
        report |= {
            "unreadable": unreadable,
            "noted": [change.by for change in changes if change.by.endswith(f" {fatal_step}")],
            "twice": len(changes) - len({change.id for change in changes}),
        }
        sys.stdout.write(json.dumps(report) + "\n")
        if not died:
            return


if __name__ == "__main__":
    main(sys.argv[1])
