"""The options that say what a run is held against, as `report` and `compare` take them."""

from __future__ import annotations

import argparse
from pathlib import Path

from loadtests.compare.conditions import CONDITIONS


def add_baseline_options(parser: argparse.ArgumentParser, *, is_required: bool) -> None:
    """The options that say what runs are held against."""
    parser.add_argument(
        "--baseline",
        nargs="+",
        type=Path,
        required=is_required,
        metavar="FOLDER",
        help="name or folder of a kept baseline, or folders of at least three runs",
    )
    parser.add_argument(
        "--across",
        action="append",
        default=[],
        choices=CONDITIONS,
        help="in which they may differ, because that is what the comparison is about; again for more",
    )
