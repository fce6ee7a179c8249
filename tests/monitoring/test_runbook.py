"""The runbook has a heading for each alert, and every command in it is one that its program takes."""

import argparse
import importlib
import io
import re
import shlex
from pathlib import Path

import pytest

from monitoring.objectives import read_objectives
from monitoring.rules.writing import RULES_FOLDER, generated_alerts
from serving.probe.settings import read_settings

RUNBOOK = Path(__file__).resolve().parents[2] / "monitoring" / "RUNBOOK.md"
OTHER_PROGRAMS = {"curl", "openssl"}
RULE_TOOLS = {"promtool", "amtool"}
CLINICAL_LEAD = {
    "DriftAlarm",
    "DriftWarning",
    "DriftBlind",
    "AbstentionShareJump",
    "HighBandShareJump",
    "ShadowDisagreement",
}
ENTRY_POINTS = {
    "gateway": ("gateway.commands.program", "run"),
    "monitoring": ("monitoring.__main__", "run"),
    "serving.repository": ("serving.repository.__main__", "main"),
}


class Parsed(Exception):
    """A command line that its program took."""


def headings():
    return set(re.findall(r"^## (\w+)$", RUNBOOK.read_text(), flags=re.MULTILINE))


def commands():
    """Indented lines and inline code that begin with a program's name."""
    text = RUNBOOK.read_text()
    lines = re.findall(r"^    (\S.*)$", text, flags=re.MULTILINE)
    lines += re.findall(r"`((?:python -m|curl|promtool|amtool|openssl) [^`]+)`", text)
    return sorted({re.split(r"\s+(?:#|>)\s", line)[0].strip() for line in lines})


def test_every_alert_has_its_heading_and_every_heading_its_alert():
    assert headings() == {alert.name for alert in generated_alerts(read_objectives())} | CLINICAL_LEAD


def test_alerts_on_drift_have_headings():
    # Written by hand, so its names are read from the file.
    named = set(re.findall(r"- alert: (\w+)", "".join(path.read_text() for path in RULES_FOLDER.glob("*.rules.yaml"))))
    assert named <= headings()


def test_every_link_leads_to_a_heading():
    linked = set(re.findall(r"\(#(\w+)\)", RUNBOOK.read_text()))
    assert linked <= {heading.lower() for heading in headings()}


def test_every_alert_says_first_what_it_means_for_patients():
    for section in re.split(r"^## ", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]:
        name, _, body = section.partition("\n")
        assert body.strip().startswith("**For patients.**"), name
        assert "**Over**" in body, name


@pytest.mark.parametrize("command", commands())
def test_every_command_is_taken_by_its_program(command, monkeypatch):
    words = shlex.split(command)
    if words[0] in OTHER_PROGRAMS | RULE_TOOLS:
        assert all((RUNBOOK.parents[1] / word).exists() for word in words if word.startswith("monitoring/"))
        return
    assert words[:2] == ["python", "-m"], command
    program, arguments = words[2], words[3:]
    parse_args = argparse.ArgumentParser.parse_args

    def parse(self, *given, **named):
        raise Parsed(parse_args(self, *given, **named))

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    environment = {"SYMMETRA_MODEL_REPOSITORY": "/models", "SYMMETRA_RECORDS_URL": "sqlite:////records.db"}
    if program == "serving.probe":
        run = lambda: read_settings(arguments)  # noqa: E731 - one of several ways in
    else:
        module, function = ENTRY_POINTS[program]
        entry = getattr(importlib.import_module(module), function)
        run = lambda: entry(arguments, environment, io.StringIO(), io.StringIO())  # noqa: E731 - the same
    if "--help" in arguments:
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 0
    else:
        with pytest.raises(Parsed):
            run()
