"""`python -m monitoring write-dashboards`: the Grafana dashboards anew, with the targets of `slo.yaml`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from monitoring.dashboards.writing import DASHBOARDS_FOLDER, generated_files
from monitoring.objectives import SLO_PATH, ObjectivesError, read_objectives


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:  # noqa: ARG001 - the same for every command
    """Write the files; 0 done, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m monitoring write-dashboards", description=__doc__)
    parser.add_argument("--objectives", type=Path, default=SLO_PATH, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=DASHBOARDS_FOLDER, metavar="DIR", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        files = generated_files(read_objectives(options.objectives))
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (options.folder / name).write_text(text, encoding="utf-8")
            out.write(f"{options.folder / name}\n")
    except ObjectivesError as error:
        err.write(f"{error}\n")
        return 1
    except OSError as error:
        err.write(f"The dashboards cannot be written: {error}\n")
        return 1
    return 0
