"""docker, podman and buildah: which one works here, and how each builds and saves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from k8s.operations.errors import ToolMissing

NAMES: Final = ("docker", "podman", "buildah")
PROBE_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that builds images.

    Attributes:
        name: One of `NAMES`.
        program: Where it is.
    """

    name: str
    program: str

    @classmethod
    def find(cls) -> Self:
        """The first one that is there and answers.

        Raises:
            ToolMissing: none does.
        """
        silent = []
        for name in NAMES:
            program = shutil.which(name)
            if program is None:
                continue
            try:
                answers = (
                    subprocess.run(
                        [program, "info"], capture_output=True, check=False, timeout=PROBE_SECONDS
                    ).returncode
                    == 0
                )
            except subprocess.TimeoutExpired:
                answers = False
            if answers:
                return cls(name, program)
            silent.append(name)
        told = f" ({' and '.join(silent)} is installed and its daemon does not answer)" if silent else ""
        message = f"No docker, podman or buildah works on this machine{told}; images are built where one does, everything else works without."
        raise ToolMissing(message)

    def build(self, dockerfile: Path, context: Path, tag: str, arguments: Mapping[str, str], epoch: int) -> list[str]:
        """The command that builds one image, with every time stamp in it set to `epoch` (seconds)."""
        command = [self.program, "bud" if self.name == "buildah" else "build", "--file", str(dockerfile), "--tag", tag]
        # Docker takes the time from SOURCE_DATE_EPOCH; the others have a flag.
        command += (
            ["--build-arg", f"SOURCE_DATE_EPOCH={epoch}"] if self.name == "docker" else ["--timestamp", str(epoch)]
        )
        for name, value in sorted(arguments.items()):
            command += ["--build-arg", f"{name}={value}"]
        return [*command, str(context)]

    def save(self, tag: str, archive: Path) -> list[str]:
        """The command that writes one image as an OCI archive."""
        match self.name:
            case "docker":
                # Since Docker 25 the archive is an OCI layout too.
                return [self.program, "save", "--output", str(archive), tag]
            case "podman":
                return [self.program, "save", "--format", "oci-archive", "--output", str(archive), tag]
            case _:
                return [self.program, "push", tag, f"oci-archive:{archive}:{tag}"]


def run_command(command: Sequence[str]) -> None:
    """Run one, with its output where ours goes.

    Raises:
        ToolMissing: it ended with an error.
    """
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        message = (
            f"{Path(command[0]).name} {command[1]} ended with exit code {done.returncode}; its own words are above."
        )
        raise ToolMissing(message)
