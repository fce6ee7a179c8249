"""What the documents say is there, and what is there is in the documents."""

import dataclasses
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from gateway.settings import Settings, name_of

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md", "CHANGELOG.md")


def make_targets():
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(document):
    named = set(re.findall(r"`(?:sudo )?make ([a-z-]+)", (ROOT / document).read_text()))
    assert named <= make_targets()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document):
    text = (ROOT / document).read_text()
    named = set(
        re.findall(r"`((?:serving|training|gateway|monitoring|loadtests|tests|k8s|requirements)/[\w./-]*)`", text)
    )
    named |= set(re.findall(r"\]\((?!http)([\w./-]+)\)", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_setting_of_the_gateway_is_on_their_page_with_its_meaning():
    page = (ROOT / "gateway/SETTINGS.md").read_text()
    for setting in dataclasses.fields(Settings):
        assert f"| `{name_of(setting.name)}` |" in page
        assert f"| {setting.metadata['says']} |" in page


def test_bare_make_lists_every_target():
    # As typed at a prompt: under `make test` the variables of the outer make would add lines of their own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    listed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True, env=environment).stdout
    assert {line.split()[0] for line in listed.splitlines()} == make_targets()


def test_changelog_and_package_agree_on_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)


def test_every_lock_file_pins_by_hash_and_names_no_index():
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert len(locks) >= 8
    for lock in locks:
        text = lock.read_text()
        pins = re.findall(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==", text, flags=re.MULTILINE | re.IGNORECASE)
        hashed = re.findall(r"==[^\n]*\\\n(?:\s*#[^\n]*\n)*\s+--hash=sha256:", text)
        assert pins, lock.name
        assert len(pins) == len(hashed), lock.name
        assert "://" not in text, lock.name
