"""`python -m gateway check`: the settings in force, and a test of everything that the gateway depends on."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TextIO

from gateway.errors import SettingsInvalid
from gateway.settings import Settings, name_of

STATE_WIDTH = 10


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Print settings and results; 0 where nothing failed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m gateway check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of lines")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment(environment)
    except SettingsInvalid as error:
        if options.json:
            json.dump({"ok": False, "settings": None, "mistakes": str(error).splitlines(), "checks": []}, out, indent=2)
            out.write("\n")
        else:
            err.write(f"{error}\n")
        return 1
    from gateway.commands.checks import State, check_everything  # noqa: PLC0415 - imports gRPC

    shown = effective_settings(settings)
    results = []
    if not options.json:
        width = max(map(len, shown))
        out.writelines(f"{name:<{width}}  {'-' if value is None else value}\n" for name, value in shown.items())
        out.write("\n")
    for result in check_everything(settings):
        results.append(result)
        if not options.json:
            to_do = f" -> {result.to_do}" if result.to_do else ""
            out.write(f"{result.state:<{STATE_WIDTH}}  {result.name}: {result.says}{to_do}\n")
            out.flush()
    ok = all(result.state in {State.OK, State.NOTE} for result in results)
    if options.json:
        checks = [dataclasses.asdict(result) for result in results]
        json.dump({"ok": ok, "settings": shown, "mistakes": [], "checks": checks}, out, indent=2)
        out.write("\n")
    return 0 if ok else 1


def effective_settings(settings: Settings) -> dict[str, str | None]:
    """Every setting by its variable, as text that may be shown: a secret that stands in a setting itself is masked."""
    shown = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        mask = field.metadata.get("mask")
        shown[name_of(field.name)] = _text(mask(value) if mask and value is not None else value)
    return shown


def _text(value: object) -> str | None:
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
