"""Dockerfiles, read into instructions: enough of their syntax for ours."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One, with its continuation lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its words; of the JSON form its elements."""
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


def read_dockerfile(path: Path) -> list[Instruction]:
    """Every instruction, in order, without comments."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [Instruction(name, rest.strip()) for name, _, rest in found]


def stages(instructions: list[Instruction]) -> list[list[Instruction]]:
    """Instructions by stage, each beginning with FROM; what stands before the first is in none."""
    found: list[list[Instruction]] = []
    for instruction in instructions:
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def context_sources(instructions: list[Instruction]) -> list[str]:
    """What is copied out of the context."""
    found = []
    for instruction in instructions:
        words = instruction.words if instruction.name == "COPY" else []
        if words and not any(word.startswith("--from") for word in words):
            found += [word for word in words[:-1] if not word.startswith("--")]
    return found


def is_in_context(name: str, ignore: list[str]) -> bool:
    """Whether a .dockerignore of this form (everything out, some in) lets a path through."""
    inside = True
    for line in ignore:
        pattern = line.lstrip("!").rstrip("/")
        parts = Path(name).parts
        prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        if (
            pattern == "*"
            or any(fnmatch.fnmatchcase(prefix, pattern) for prefix in prefixes)
            or _anywhere(pattern, parts)
        ):
            inside = line.startswith("!")
    return inside


def _anywhere(pattern: str, parts: tuple[str, ...]) -> bool:
    return pattern.startswith("**/") and any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
