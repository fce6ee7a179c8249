"""`python -m training crops`: make the crops of a data set, and list what was refused and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.commands.shared import add_data_arguments, data_options, prepare_crops, run_safely

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_data_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the crops that are not there yet."""
    return run_safely(lambda: _make(arguments))


def _make(arguments: argparse.Namespace) -> None:
    prepare_crops(arguments.data, arguments.crops, arguments.processes, data_options(arguments))
