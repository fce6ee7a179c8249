"""Where load may go, and as what."""

from pathlib import Path

import pytest

from loadtests.errors import TargetRefused
from loadtests.run.target import headers, parse_target, read_key, require_owned, require_owned_model_server


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080/", "http://127.9.9.9:1"]
)
def test_this_machine_may_be_loaded_without_a_key(text: str) -> None:
    target = parse_target(text)
    require_owned(target, None)
    assert read_key(target, None) is None
    assert headers(None) == {}


@pytest.mark.parametrize(
    "text", ["http://10.0.0.1:8080", "https://symmetra.example", "http://127.0.0.1.example", "http://localhost.example"]
)
def test_another_machine_must_be_named_twice_and_needs_a_key(text: str, tmp_path: Path) -> None:
    target = parse_target(text)
    for again in (None, "http://10.0.0.2:8080", text.replace("http", "x", 1)):
        with pytest.raises(TargetRefused):
            require_owned(target, again)
    require_owned(target, text)
    with pytest.raises(TargetRefused, match="key"):
        read_key(target, None)
    key_file = tmp_path / "key"
    key_file.write_text("sym_abc_def\n")
    key = read_key(target, key_file)
    assert headers(key) == {"Authorization": "Bearer sym_abc_def", "X-Traffic-Class": "loadtest"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:x",
        "http://127.0.0.1/v1",
        "http://a:b@127.0.0.1",
    ],
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(TargetRefused):
        parse_target(text)


@pytest.mark.parametrize("content", [None, b"", b"two words", b"\xff\xfe"])
def test_a_key_file_without_a_key_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(TargetRefused):
        read_key(parse_target("http://127.0.0.1"), tmp_path / "key")


def test_a_model_server_elsewhere_must_be_named_twice() -> None:
    require_owned_model_server("127.0.0.1:8500", None)
    with pytest.raises(TargetRefused):
        require_owned_model_server("dns:///models:8500", None)
    require_owned_model_server("dns:///models:8500", "dns:///models:8500")
