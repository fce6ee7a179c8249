"""What our Dockerfiles make, made without an engine: their steps in a folder, and programs started in that folder as in a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.dockerfile import Instruction, read_dockerfile, stages

PROJECT = Path(__file__).resolve().parents[2]
MOUNTS = """
set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
for pair in $VOLUMES; do mount --bind "${pair%%:*}" "$root/${pair##*:}"; done
mount -o remount,bind,ro "$root"
mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"
exec chroot --userspec=10001:10001 --groups= "$root" "$@"
"""
"""A read-only root, memory at /tmp, an own user without a name: what the manifests give a container. In a mount namespace of its own."""


def can_make_roots() -> bool:
    """Whether this user may mount and change roots: in a container of a CI often not."""
    if os.geteuid() != 0 or not all(shutil.which(name) for name in ("unshare", "chroot", "mount", "ldd", "ldconfig")):
        return False
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0


def command_in_root(root: Path, command: list[str], environment: dict[str, str], volumes: dict[Path, str]) -> list[str]:
    """What starts a command inside, with the image's environment and nothing of ours.

    Args:
        root: The root file system.
        command: What runs there.
        environment: Its whole environment.
        volumes: Folders here, by where they appear there; the root must have such a folder.
    """
    pairs = " ".join(f"{folder}:{inside.lstrip('/')}" for folder, inside in volumes.items())
    given = [f"{name}={value}" for name, value in environment.items()]
    inner = [
        "/usr/bin/env",
        "-i",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        f"VOLUMES={pairs}",
        "/bin/sh",
        "-c",
        MOUNTS,
        "mounts",
        str(root),
    ]
    python = ["/usr/local/bin/python", "-c", _WITH_ENVIRONMENT, *given, "--", *command]
    return ["unshare", "--mount", *inner, *python]


_WITH_ENVIRONMENT = (
    "import os, sys; cut = sys.argv.index('--'); environment = dict(item.split('=', 1) for item in sys.argv[1:cut]); "
    "os.chdir('/app'); os.execvpe(sys.argv[cut + 1], sys.argv[cut + 1:], environment)"
)
"""No `env` is in the image; its own Python sets the environment, as an engine would."""


def image_environment(dockerfile: Path) -> dict[str, str]:
    """ENV of the last stage."""
    words = [word for item in stages(read_dockerfile(dockerfile))[-1] if item.name == "ENV" for word in item.words]
    return dict(word.split("=", 1) for word in words)


def perform_build(dockerfile: Path, folder: Path, python: Path, *, packages: Path | None = None) -> Path:
    """Do what the first stage says, in a folder of its own, and return the root that it makes.

    Args:
        dockerfile: Ours, with a stage `build`.
        folder: Becomes /build.
        python: Stands for the Python of the base image.
        packages: A site-packages that was installed from the same lock; with it the pip lines are left out, so nothing is fetched.
    """
    environment = {
        "PATH": f"{python.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": os.environ.get("HOME", str(folder)),
    }
    environment |= {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "UV_", "SSL_")) or name.endswith(("_proxy", "_PROXY"))
    }
    if packages is not None:
        shutil.copytree(
            packages, folder / "packages", ignore=shutil.ignore_patterns("__pycache__", "_virtualenv.*"), symlinks=True
        )
    for item in stages(read_dockerfile(dockerfile))[0]:
        if item.name == "COPY":
            *sources, target = item.words
            for source in sources:
                _copy(PROJECT / source, folder / target, into=target.endswith("/"), content=source.endswith("/"))
        elif item.name == "RUN" and not item.text.startswith("[") and not (packages is not None and _is_pip(item)):
            subprocess.run(["/bin/sh", "-c", item.text], cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "root"


def strip_python(root: Path) -> None:
    """Take debugging symbols out of Python itself: that of the base image was linked without any, the one here may have some."""
    if shutil.which("strip"):
        for path in (root / "usr/local/lib").glob("libpython*.so*"):
            subprocess.run(["strip", "--strip-unneeded", path], check=True)


def _is_pip(item: Instruction) -> bool:
    return item.text.startswith("python -m pip")


def _copy(source: Path, target: Path, *, into: bool, content: bool) -> None:
    if content:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "results"), dirs_exist_ok=True)
    else:
        place = target / source.name if into else target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)


def new_python(folder: Path) -> Path:
    """A fresh environment with pip, for builds that fetch; stands for the base image."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    return folder / "bin/python"


def installed_bytes(root: Path) -> int:
    """Size of every file; a hard link counts once, as in a layer."""
    seen = {
        (found.st_dev, found.st_ino): found.st_size
        for path in root.rglob("*")
        if not path.is_symlink() and path.is_file()
        for found in [path.stat()]
    }
    return sum(seen.values())
