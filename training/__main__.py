"""`python -m training COMMAND`: each command lives in a module of its own, imported only when it is asked for.

A command module offers `add_arguments(parser)` and `run(arguments) -> int` (the exit
status). `synthesize` must work where TensorFlow is not installed, so nothing heavy is imported here.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS: dict[str, tuple[str, str]] = {
    "synthesize": ("training.synthetic.synthesize", "draw a labelled data set of synthetic faces"),
    "load-pack": ("training.commands.load_pack", "draw a pack of photos for load tests"),
    "inspect": ("training.commands.inspect", "look for what is wrong with a data set, and report it with pictures"),
    "crops": ("training.commands.crops", "make the crops of a data set, and list the photos that give none"),
    "fit": ("training.commands.fit", "train a network: crops, split, training, evaluation"),
    "fit-elsewhere": ("training.commands.fit_elsewhere", "train on another Keras backend; `fit` goes on from there"),
    "evaluate": ("training.commands.evaluate", "measure a finished run on its held-out test split again"),
    "report": ("training.commands.report", "probes, baselines, one page with every figure, model card and datasheet"),
    "compare": ("training.commands.compare", "train several networks on the same split, and set them side by side"),
    "reproduce": ("training.commands.reproduce", "the paper's protocol on drawn faces, beside the paper's numbers"),
    "policy": ("training.commands.policy", "put the abstention that a run chose into the repository's policy.json"),
    "export": ("training.commands.export", "publish a finished run as the next version of a model repository"),
    "approve": ("training.commands.approve", "let a version go live, or refuse it, beside the version that is live"),
}
"""Command name -> (module, one line for the help)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status, 2 where the command line is wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="From a folder of faces to a model version.",
        epilog="`python -m training COMMAND --help` tells more about one command.",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        command_parser = subparsers.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name in words[:1]:
            importlib.import_module(module).add_arguments(command_parser)
    parsed = parser.parse_args(words)
    status: int = importlib.import_module(COMMANDS[parsed.command][0]).run(parsed)
    return status


if __name__ == "__main__":
    sys.exit(main())
