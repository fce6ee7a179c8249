"""`python -m gateway COMMAND`: one module per command, each with the same function `run`; the table names them.

A new command is a module here and a row in `COMMANDS`. A module is imported only when its command is given, so that serving
costs nothing of the others.
"""

from __future__ import annotations

from typing import Final

COMMANDS: Final = {
    "serve": "run the gateway; also without a command",
    "pause": "refuse photos in every gateway of this model repository, until somebody resumes",
    "resume": "answer photos again",
    "pauses": "what was paused and resumed: when, by whom, why",
    "affected": "list every answer that was given in a time, so that it can be recalled",
    "records": "the database of the records: its tables, what expires, what is kept of a subject, copies of it",
    "audit": "list who did and saw what, verify that it is still what was written, sign how long it is",
    "replay": "calculate an old answer again, by the version that gave it",
    "check": "print the settings in force and test everything that the gateway depends on",
    "keys": "make, list, rotate and revoke API keys",
}
"""Name of the command, which is the name of its module too, and what it does."""
