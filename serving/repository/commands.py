"""The commands that ask no server: list, verify, publish, adopt, pin, history, live-at, collect, clean."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from serving.repository.errors import NothingPinned, VersionDamaged, VersionMissing, VersionTaken
from serving.repository.live import find_live

if TYPE_CHECKING:
    from serving.repository.history import HistoryRecord
    from serving.repository.repository import ModelRepository

NO_VERSIONS: Final = "{0.model_name} has no versions yet in {0.directory}."
"""Names the folder, because a mistyped one looks like a new repository."""
LATEST: Final = "latest"
"""The highest published number. For people and for `make demo`: production names a number."""


def list_versions(repository: ModelRepository, _options: argparse.Namespace, out: TextIO) -> int:
    """Every version with its state, whether it is approved, and its digest."""
    entries = repository.list()
    if not entries:
        out.write(f"{NO_VERSIONS.format(repository)}\n")
    out.writelines(
        f"{entry.version:>6}  {entry.state:<14} {entry.approval:<14} {entry.digest or '-'}\n" for entry in entries
    )
    # A pin that cannot be read must not hide the versions; it is reported after them.
    with suppress(NothingPinned):
        repository.pin()
    return 0


def verify(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Compare every file with the manifest."""
    versions = options.versions or repository.versions()
    if not versions:
        out.write(f"{NO_VERSIONS.format(repository)}\n")
    damaged = False
    for version in versions:
        try:
            out.write(f"{version:>6}  good  {repository.verify(version)}\n")
        except VersionDamaged as error:
            damaged = True
            out.write(f"{version:>6}  DAMAGED  {error}\n")
    return int(damaged)


def publish(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Copy a version directory into the repository; with an approval also take that over, and then once more is no failure."""
    from serving.repository.import_version import publish_directory  # noqa: PLC0415 - only this command copies

    try:
        version, digest = publish_directory(repository, options.directory)
        out.write(f"{repository.model_name} version {version} is published, digest {digest}\n")
    except VersionTaken:
        # A Job that ended between the two is tried again: the approval is held against the content that is there.
        if options.approval is None:
            raise
    return 0 if options.approval is None else _adopt(repository, options.approval, out)


def adopt_approval(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Take over an approval that came with a version."""
    return _adopt(repository, options.file, out)


def _adopt(repository: ModelRepository, path: Path, out: TextIO) -> int:
    from serving.repository.adoption import adopt  # noqa: PLC0415 - only these commands do

    version, written = adopt(repository, path)
    out.write(f"{repository.model_name} version {version} {'is' if written else 'was already'} approved\n")
    return 0


def pin_version(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Show the pin; or pin a version, where nothing is promoted."""
    pin = repository.pin() if options.version is None else repository.set_pin(chosen_version(repository, options))
    out.write(f"{pin.model} version {pin.version} is pinned, evidence: {pin.contract.evidence}, digest {pin.digest}\n")
    return 0


def history(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """What was published, approved, made live and removed: when, by whom, why."""
    records = repository.history()
    if options.json:
        out.writelines(json.dumps(asdict(record), sort_keys=True) + "\n" for record in records)
        return 0
    if not records:
        out.write(f"{repository.model_name} has no history yet.\n")
    out.writelines(_tell_record(record) for record in records)
    return 0


def live_at(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Which version was live at a moment."""
    live = find_live(repository.history(), options.time)
    if live is None:
        out.write(f"no version of {repository.model_name} was live at {options.time.isoformat()}\n")
    else:
        out.write(
            f"{repository.model_name} version {live.version} was live at {options.time.isoformat()}, "
            f"since {live.since}, digest {live.digest}\n"
        )
    return 0


def collect_versions(repository: ModelRepository, options: argparse.Namespace, out: TextIO) -> int:
    """Say which old versions would be removed, or remove them."""
    from serving.repository.collection import collect, plan_collection  # noqa: PLC0415 - reads text protos

    if options.yes:
        plan = collect(repository, options.keep, options.by, options.why)
    else:
        plan = plan_collection(repository, options.keep)
    out.writelines(f"{version:>6}  kept     {reason}\n" for version, reason in plan.kept.items())
    word = "removed" if options.yes else "would be removed"
    out.writelines(f"{version:>6}  {word}\n" for version in (*plan.removable, *plan.leftovers))
    if not plan.removable and not plan.leftovers:
        out.write("nothing to remove\n")
    elif not options.yes:
        out.write("nothing was changed; add --yes to remove\n")
    return 0


def clean(repository: ModelRepository, _options: argparse.Namespace, out: TextIO) -> int:
    """Remove what publishers that died left behind."""
    removed = repository.remove_abandoned()
    out.write(f"removed: {', '.join(f'tmp-{number}' for number in removed) or 'nothing'}\n")
    return 0


def chosen_version(repository: ModelRepository, options: argparse.Namespace) -> int:
    """The version that the command line names.

    Raises:
        VersionMissing: It names the latest, and there is none.
    """
    if options.version != LATEST:
        return int(options.version)
    versions = repository.versions()
    if not versions:
        raise VersionMissing(NO_VERSIONS.format(repository))
    return max(versions)


def version_or_latest(text: str) -> int | str:
    """A version number, or the word for the highest one."""
    if text == LATEST:
        return text
    if not text.isdecimal():
        message = f"{text!r} is neither a version number nor '{LATEST}'"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def moment(text: str) -> dt.datetime:
    """A moment with its time zone, from ISO 8601."""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is no time in ISO 8601, such as 2026-11-24T12:00:00+01:00"
        raise argparse.ArgumentTypeError(message) from error
    if time.tzinfo is None:
        message = f"{text!r} has no time zone; add it: {text}Z for UTC, or {text}+01:00"
        raise argparse.ArgumentTypeError(message)
    return time


def existing_folder(text: str) -> Path:
    """A directory that is there."""
    if not Path(text).is_dir():
        message = f"{text!r} is no directory"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


def _tell_record(record: HistoryRecord) -> str:
    came_from = record.details.get("from")
    origin = f"  from {came_from['version']}" if came_from else ""
    why = f": {_one_line(record.why)}" if record.why else ""
    decided = f"  by {_one_line(record.by)}{why}" if record.by else ""
    late = "  (recorded late)" if record.recovered else ""
    return f"{record.at}  {record.action:<8} {record.number:>6}  {record.digest or '-'}{origin}{decided}{late}\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
