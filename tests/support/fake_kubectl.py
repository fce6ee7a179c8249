"""A kubectl that answers from a file, and writes down what it was asked: for what a live cluster would be needed otherwise."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROGRAM = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
arguments = sys.argv[1:]
given = sys.stdin.read() if "-" in arguments else ""
with (folder / "calls.jsonl").open("a") as file:
    file.write(json.dumps([arguments, given]) + "\\n")
text = " ".join(arguments)
for start, answer in json.loads((folder / "answers.json").read_text()):
    if text.startswith(start):
        if isinstance(answer, dict) and "error" in answer:
            sys.exit(answer["error"])
        sys.stdout.write(answer if isinstance(answer, str) else json.dumps(answer))
        sys.exit(0)
sys.exit("Error from server (NotFound): no answer for " + text)
"""


class FakeKubectl:
    """Put on PATH in place of the real one.

    Args:
        folder: Where the program and its files are made.
        monkeypatch: Of the test.
    """

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "kubectl"
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        self.answers: list[tuple[str, Any]] = []

    def answer(self, start: str, answer: Any) -> None:
        """What is printed for calls that begin so; the first that fits counts. {"error": text} fails."""
        self.answers.append((start, answer))
        (self.folder / "answers.json").write_text(json.dumps(self.answers))

    def calls(self) -> list[tuple[list[str], str]]:
        """What was asked, and what was given on standard input."""
        path = self.folder / "calls.jsonl"
        return [tuple(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []

    def objects(self, verb: str) -> list[dict[str, Any]]:
        """What was given to `kubectl VERB ... -f -`."""
        return [json.loads(given) for arguments, given in self.calls() if arguments[0] == verb and given]
