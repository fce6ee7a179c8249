"""Which model's stop switch a command is about: the gateway's own settings, or what the command line says in their place.

Only these two settings are read: whoever must stop a system is not told first that some other setting is wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from gateway.settings import name_of
from serving.contract.model import MODEL_NAME
from serving.repository import ModelRepository, RepositoryError


def add_place(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """Add `--repository` and `--model`."""
    root = environment.get(name_of("model_repository"))
    parser.add_argument(
        "--repository",
        type=Path,
        metavar="ROOT",
        default=Path(root) if root else None,
        help=f"folder of all models (default: {name_of('model_repository')})",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        default=environment.get(name_of("model_name")) or MODEL_NAME,
        help=f"name of the model (default: {name_of('model_name')}, or {MODEL_NAME})",
    )


def add_by(parser: argparse.ArgumentParser) -> None:
    """Add `--by`."""
    parser.add_argument("--by", default="", metavar="NAME", help="who does it (default: the login name)")


def find_repository(parser: argparse.ArgumentParser, options: argparse.Namespace) -> ModelRepository:
    """The repository that the command line names; ends the program where it names none that is there."""
    if options.repository is None:
        parser.error(f"say where the model repository is: --repository ROOT, or {name_of('model_repository')}")
    try:
        repository = ModelRepository(options.repository, options.model)
    except RepositoryError as error:
        parser.error(str(error))
    if not repository.directory.is_dir():
        # A mistyped folder must not look like a system that was stopped.
        parser.error(f"there is no model {options.model} in {options.repository}")
    return repository
