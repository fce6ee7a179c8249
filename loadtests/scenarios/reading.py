"""Reading a scenario from YAML: every mistake in it is a sentence that says where it is and what would be right."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from loadtests.errors import ScenarioUnusable
from loadtests.scenarios.alerts import Known
from loadtests.scenarios.kinds import KINDS
from loadtests.scenarios.scenario import SCHEMA, Allowed, Change, Expected, Scenario, SiteWants

SCENARIOS_FOLDER: Final = Path(__file__).resolve().parent
MOST_BYTES: Final = 100_000
DEFAULT_TIMES_FASTER: Final = 30.0
FASTEST: Final = 60.0
"""Beyond it a scrape takes what a site calls minutes, and the short windows hold no two of them."""
MOST_PHOTOS_A_MINUTE: Final = 600.0
DEFAULT_QUIET_MINUTES: Final = 15.0
DAY_MINUTES: Final = 1440.0


def committed_scenarios() -> list[Path]:
    """The files beside this one, by name."""
    return sorted(SCENARIOS_FOLDER.glob("*.yaml"))


def read_scenario(path: Path, known: Known) -> Scenario:
    """Read one.

    Args:
        path: Of the file.
        known: Alerts and receivers that there are.

    Raises:
        ScenarioUnusable: It cannot be read, or says something that makes no scenario.
    """
    try:
        text = path.read_bytes()
        if len(text) > MOST_BYTES:
            message = f"it has {len(text)} bytes, and a scenario at most {MOST_BYTES}"
            raise ScenarioUnusable(message)
        return _scenario(path.stem, _Section(yaml.load(text, Loader=_StrictLoader), ""), known)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: it cannot be read: {error}"
        raise ScenarioUnusable(message) from error
    except yaml.YAMLError as error:
        message = f"{path}: it is no YAML: {' '.join(str(error).split())}"
        raise ScenarioUnusable(message) from error
    except ScenarioUnusable as error:
        message = f"{path}: {error}"
        raise ScenarioUnusable(message) from error


def _scenario(name: str, content: _Section, known: Known) -> Scenario:
    schema = content.text("schema")
    if schema != SCHEMA:
        content.refuse("schema", f"is {schema}; this release reads {SCHEMA}")
    site, patients = content.section("site"), content.section("patients")
    scenario = Scenario(
        name=name,
        about=content.text("about"),
        times_faster=content.number("times_faster", 1.0, FASTEST, DEFAULT_TIMES_FASTER),
        photos_a_minute=content.number("photos_a_minute", 0.01, MOST_PHOTOS_A_MINUTE),
        site=SiteWants(
            None if "deadline_seconds" not in site.content else site.number("deadline_seconds", 0.5, 60.0),
            site.flag("records"),
        ),
        changes=tuple(_change(each) for each in content.sections("changes")),
        expect=tuple(_expected(each, known) for each in content.sections("expect")),
        may=tuple(_allowed(each, known) for each in content.sections("may")),
        quiet_minutes=content.number("quiet_minutes", 1.0, DAY_MINUTES, DEFAULT_QUIET_MINUTES),
        answered_share_at_least=patients.number("answered_share_at_least", 0.01, 1.0) if patients.content else None,
    )
    site.end()
    patients.end()
    content.end()
    _require_sense(scenario, content)
    return scenario


def _require_sense(scenario: Scenario, content: _Section) -> None:
    if not scenario.changes:
        content.refuse("changes", f"is empty; say what happens, one of: {', '.join(KINDS)}")
    kinds = [change.kind for change in scenario.changes]
    if len(set(kinds)) != len(kinds):
        content.refuse("changes", "names one kind twice")
    if "disk_slow" in kinds and not scenario.site.records:
        content.refuse("changes", "has disk_slow, which slows nothing down without `site: {records: true}`")
    told = [(each.alert, each.receiver) for each in scenario.expect]
    told += [(each.alert, each.receiver) for each in scenario.may]
    if len(set(told)) != len(told):
        content.refuse("expect", "and `may` name one alert and receiver twice")


def _change(content: _Section) -> Change:
    kind = content.text("kind")
    if kind not in KINDS:
        content.refuse("kind", f"is {kind}; there are: {', '.join(KINDS)}")
    options = {name: content.number(name, 0.01, 10_000.0, default) for name, default in KINDS[kind].options.items()}
    change = Change(
        kind,
        content.number("at_minute", 0.0, DAY_MINUTES),
        content.number("lasts_minutes", 0.0, DAY_MINUTES, 0.0),
        options,
    )
    content.end()
    return change


def _expected(content: _Section, known: Known) -> Expected:
    alert, receiver = _told(content, known)
    expected = Expected(
        alert,
        receiver,
        content.number("within_minutes", 0.1, DAY_MINUTES),
        content.number("over_within_minutes", 0.1, DAY_MINUTES),
    )
    content.end()
    return expected


def _allowed(content: _Section, known: Known) -> Allowed:
    allowed = Allowed(*_told(content, known), content.text("why"))
    content.end()
    return allowed


def _told(content: _Section, known: Known) -> tuple[str, str]:
    alert, receiver = content.text("alert"), content.text("receiver")
    if alert not in known.alerts:
        content.refuse("alert", f"is {alert}, and no rule has that name; there are: {', '.join(sorted(known.alerts))}")
    if receiver not in known.receivers:
        content.refuse("receiver", f"is {receiver}; the routes know: {', '.join(sorted(known.receivers))}")
    return alert, receiver


class _Section:
    """A mapping that must be used up: what nobody asked for is a mistake."""

    def __init__(self, content: Any, where: str) -> None:  # noqa: ANN401 - whatever the file holds
        self._where = where
        if not isinstance(content, dict):
            message = f"{where or 'the file'} is {_shown(content)}, and must be a mapping of names to values"
            raise ScenarioUnusable(message)
        self.content: dict[str, Any] = content
        self._asked: set[str] = set()

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self._take(name)
        if not isinstance(value, str) or not value.strip():
            self.refuse(name, f"is {_shown(value)}, and must be a text" if name in self.content else "is missing")
        return " ".join(str(value).split())

    def number(self, name: str, least: float, most: float, default: float | None = None) -> float:
        """A number within bounds."""
        value = self._take(name)
        if name not in self.content:
            if default is None:
                self.refuse(name, "is missing")
            return float(default or 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(name, f"is {_shown(value)}, and must be a number")
        if not least <= value <= most:
            self.refuse(name, f"is {value:g}, and must be from {least:g} to {most:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not given."""
        value = self._take(name)
        if name in self.content and not isinstance(value, bool):
            self.refuse(name, f"is {_shown(value)}, and must be true or false")
        return bool(value)

    def section(self, name: str) -> _Section:
        """A mapping within; an empty one where it is not given."""
        value = self._take(name)
        return _Section({} if name not in self.content else value, self._place(name))

    def sections(self, name: str) -> list[_Section]:
        """A list of mappings; an empty one where it is not given."""
        value = self._take(name)
        if name not in self.content:
            return []
        if not isinstance(value, list):
            self.refuse(name, f"is {_shown(value)}, and must be a list")
        return [_Section(each, f"{self._place(name)}[{number}]") for number, each in enumerate(value, start=1)]

    def end(self) -> None:
        """Nothing more is asked for."""
        unknown = [str(name) for name in self.content if name not in self._asked]
        if unknown:
            self.refuse(unknown[0], f"is not known here; there are: {', '.join(sorted(self._asked))}")

    def refuse(self, name: str, says: str) -> None:
        """A mistake."""
        message = f"{self._place(name)} {says}"
        raise ScenarioUnusable(message)

    def _take(self, name: str) -> Any:  # noqa: ANN401 - as the file has it
        self._asked.add(name)
        return self.content.get(name)

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


class _StrictLoader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """YAML without objects, in which a name that is given twice is a mistake and not the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping, each name once."""
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = _first_twice(names)
        if twice is not None:
            message = f"`{twice}` is given twice"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _first_twice(names: Iterable[object]) -> object | None:
    seen: list[object] = []
    for name in names:
        if name in seen:
            return name
        seen.append(name)
    return None


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    kinds: Mapping[type, str] = {dict: "a mapping", list: "a list"}
    return kinds.get(type(value), repr(value))
