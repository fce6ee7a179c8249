"""`python -m training synthesize`: draw a labelled data set of synthetic faces."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from training.synthetic.corpus import SYNTHESIS_NAME, CorpusError, CorpusPlan, write_corpus
from training.synthetic.pack_build import write_pack

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=Path, metavar="DIR", help="folder of the data set, made if missing")
    target.add_argument("--pack", type=Path, metavar="DIR", help="make the pack of sample files there instead")
    parser.add_argument("--photos", type=int, default=2000, metavar="N", help="number of photos (default 2000)")
    parser.add_argument(
        "--photos-per-subject", type=int, default=4, metavar="K", help="photos of each drawn person (default 4)"
    )
    parser.add_argument("--seed", type=int, default=0, help="same seed, same files (default 0)")
    parser.add_argument(
        "--size", type=int, default=256, metavar="PIXELS", help="side of the square photos (default 256)"
    )
    parser.add_argument("--workers", default="auto", metavar="N", help="processes; auto is one per usable core")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> int:
    """Draw the data set; 0 when it is complete, 2 with a sentence on the standard error stream when it cannot be."""
    if arguments.workers != "auto" and not (arguments.workers.isdecimal() and int(arguments.workers) > 0):
        sys.stderr.write(f"synthesize: --workers {arguments.workers} is neither auto nor a number from 1\n")
        return 2
    if arguments.pack:
        return _write_pack(arguments.pack)
    workers = None if arguments.workers == "auto" else int(arguments.workers)
    try:
        plan = CorpusPlan(arguments.photos, arguments.photos_per_subject, arguments.seed, arguments.size)
        write_corpus(arguments.out, plan, workers, progress=not arguments.quiet)
    except CorpusError as error:
        sys.stderr.write(f"synthesize: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nsynthesize: stopped; the same command goes on where this one ended\n")
        return INTERRUPTED
    summary = json.loads((arguments.out / SYNTHESIS_NAME).read_text())
    sys.stdout.write(
        f"{plan.photos} photos of {plan.subjects} drawn people in {arguments.out}\n"
        f"depressed: {summary['depressed_share']:.3f}; best possible accuracy from one photo's parameters: "
        f"{summary['bayes_accuracy']:.3f}\n{summary['assumption']}\n"
    )
    return 0


def _write_pack(folder: Path) -> int:
    try:
        files = write_pack(folder)
    except OSError as error:
        sys.stderr.write(f"synthesize: cannot write the pack: {error.strerror}\n")
        return 2
    sys.stdout.write(f"{files} files of drawn faces, and some that must be refused, in {folder}\n")
    return 0
