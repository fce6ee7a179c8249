"""Copies of files that other folders own: kustomize reads nothing outside the folder of a kustomization.

`python k8s/generate.py` writes them anew, `python k8s/generate.py --check` says which are not what they should be (exit code 1).
A test runs the second.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
COPIES: Final = {
    "k8s/base/model-server/files/batching.config": "serving/deploy/batching.config",
    "k8s/base/model-server/files/monitoring.config": "serving/deploy/monitoring.config",
    "k8s/components/gpu/files/batching.config": "serving/deploy/batching.gpu.config",
}
"""Copy -> original."""


def wanted() -> dict[Path, bytes]:
    """Every file that should be there, with its content."""
    return {ROOT / copy: (ROOT / original).read_bytes() for copy, original in COPIES.items()}


def main(arguments: list[str]) -> int:
    """Write the files, or only look; returns the exit code."""
    files = wanted()
    if "--check" in arguments:
        unlike = [path for path, content in files.items() if not path.is_file() or path.read_bytes() != content]
        sys.stderr.writelines(f"{path.relative_to(ROOT)} is not current: python k8s/generate.py\n" for path in unlike)
        return int(bool(unlike))
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
