"""The commands that own what is live: init, promote, rollback. The modules behind them speak gRPC and are imported when used."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from serving.repository.commands import chosen_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving.repository.pin import Pin
    from serving.repository.promotion import Promoter
    from serving.repository.repository import ModelRepository


def init(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Write `models.config` where there is none, so that model servers can start."""
    from serving.repository.promotion import write_first_config  # noqa: PLC0415 - imports gRPC

    served = write_first_config(repository, options.served_from)
    named = " and ".join(f"version {version}" for version in served.versions) or "no version yet"
    out.write(f"{repository.directory}/models.config names {named}\n")
    return 0


def promote(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Make a version live."""
    with _promoter(repository, options, out) as promoter:
        return _tell(promoter.promote(chosen_version(repository, options), options.by, options.why), out)


def rollback(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Make the version live that was live before."""
    with _promoter(repository, options, out) as promoter:
        return _tell(promoter.rollback(options.by, options.why, options.to), out)


@contextmanager
def _promoter(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> Iterator[Promoter]:
    from serving.repository.availability import ServerGroup  # noqa: PLC0415 - imports gRPC
    from serving.repository.promotion import Promoter  # noqa: PLC0415 - imports gRPC
    from serving.repository.rollout import Patience  # noqa: PLC0415 - imports gRPC

    def tell(line: str) -> None:
        out.write(f"{line}\n")
        out.flush()

    patience = Patience(deadline_seconds=options.deadline_seconds, grace_seconds=options.grace_seconds)
    with ServerGroup(options.server) as group:
        yield Promoter(
            repository,
            group,
            patience,
            served_from=options.served_from,
            gateways=options.gateway,
            wait_seconds=options.wait_seconds,
            tell=tell,
        )


def _tell(pin: Pin, out: TextIO) -> int:
    out.write(f"{pin.model} version {pin.version} is live, evidence: {pin.contract.evidence}, digest {pin.digest}\n")
    return 0
