"""Marked photos through an installation: only what is named is sent, and what is printed finds a leak of it."""

import base64
import io
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.privacy.installation import instructions, mark_installation, search_strings
from tests.privacy.marked_photos import marked_photos
from tests.privacy.markers import Markers
from tests.support.access import add_key
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import PROJECT, GatewayProcess
from tests.support.stub_model_server import StubModelServer

MARKERS = Markers.fresh()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("ftp://symmetra.example", "must be an address"),
        ("symmetra.example", "must be an address"),
        ("http://symmetra.example", "must begin with https"),
        ("https://key@symmetra.example", "nothing but the address"),
        ("https://symmetra.example/?key=1", "nothing but the address"),
    ],
)
def test_a_mistaken_target_is_named_and_nothing_is_sent(target, says):
    out = io.StringIO()
    assert mark_installation(target, None, None, out) == 2
    assert says in out.getvalue()


def test_a_key_file_that_is_not_there_is_named(tmp_path):
    out = io.StringIO()
    assert mark_installation("http://127.0.0.1:1", tmp_path / "key", None, out) == 2
    assert "cannot be read" in out.getvalue()


def test_nobody_there_is_red():
    out = io.StringIO()
    assert mark_installation("http://127.0.0.1:9", None, None, out) == 1
    assert "no photo was answered" in out.getvalue()


def test_a_gateway_with_keys_is_asked_and_what_is_printed_finds_nothing_in_its_log(tmp_path):
    make_repository(tmp_path / "models")
    key = tmp_path / "key"
    key.write_text(add_key(tmp_path / "keys.json") + "\n")
    with (
        StubModelServer(VERSION, np.float32(0.5)) as stub,
        GatewayProcess(
            tmp_path / "models", stub.address, api_keys_file=tmp_path / "keys.json", log_level="debug"
        ) as gateway,
    ):
        out = io.StringIO()
        assert mark_installation(f"http://127.0.0.1:{gateway.port}", key, None, out) == 0, out.getvalue()
        strings = re.search(r"<<'END'\n(.*?)\nEND\n", out.getvalue(), re.DOTALL)[1].splitlines()
        said = gateway.log() + gateway.metrics()
        assert gateway.count_logged(200) >= 12
    assert len(strings) > 20
    assert [string for string in strings if string in said] == []


@pytest.mark.parametrize("form", ["as it is", "hexadecimal, both cases", "base64, 3 alignments"])
def test_what_is_printed_finds_a_leaked_word(form, tmp_path):
    leaked = {
        "as it is": MARKERS["subject"],
        "hexadecimal, both cases": MARKERS["subject"].encode().hex(),
        "base64, 3 alignments": base64.b64encode(b"ab" + MARKERS["subject"].encode()).decode(),
    }[form]
    (tmp_path / "markers").write_text("\n".join(search_strings(MARKERS, [])) + "\n")
    (tmp_path / "log").write_text(f"before {leaked} after\n")
    found = subprocess.run(
        ["grep", "-rlaF", "-f", tmp_path / "markers", tmp_path / "log"], stdout=subprocess.PIPE, check=False
    )
    assert found.stdout


def test_what_is_printed_finds_a_leaked_photo(tmp_path):
    photos = marked_photos(MARKERS, 1)
    (tmp_path / "markers").write_text("\n".join(search_strings(MARKERS, photos)) + "\n")
    leaked = base64.b64encode(photos[0].content[300:])
    (tmp_path / "log").write_bytes(leaked)
    assert "END" in instructions(MARKERS, photos)
    found = subprocess.run(
        ["grep", "-laF", "-f", tmp_path / "markers", tmp_path / "log"], stdout=subprocess.PIPE, check=False
    )
    assert found.stdout


def test_an_operator_needs_the_standard_library_and_pillow_only():
    program = (
        "import sys; import tests.privacy.__main__, tests.privacy.installation\n"
        "found = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(name for name in found if not name.startswith('_')))"
    )
    finished = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert finished.stdout.strip() == "['PIL', 'defusedxml', 'tests']" or finished.stdout.strip() == "['PIL', 'tests']"
