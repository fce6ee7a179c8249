"""Secrets and API keys: made once, never shown, never overwritten, and read by the gateway's own code."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
from datetime import UTC, datetime, timedelta

import pytest

from gateway.access.key_file import read_keys
from gateway.access.key_text import KeyText
from gateway.access.scopes import Scope
from k8s.operations.__main__ import main
from k8s.operations.site_secrets import api_keys
from tests.k8s.operations.test_needs import make_overlay
from tests.support.fake_kubectl import FakeKubectl

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    return FakeKubectl(tmp_path / "bin", monkeypatch)


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return main([str(argument) for argument in arguments], {}, out, err), out.getvalue(), err.getvalue()


def as_the_gateway_reads(text, tmp_path):
    path = tmp_path / "api-keys.json"
    path.write_text(text)
    return read_keys(path)


def test_the_gateway_reads_the_keys_and_knows_their_secrets(tmp_path):
    text, first, sentinel = api_keys.new_file(NOW)
    records = {record.name: record for record in as_the_gateway_reads(text, tmp_path)}
    for key, name, traffic in ((first, "first", ("patient",)), (sentinel, "sentinel", ("sentinel",))):
        parsed = KeyText.parse(key)
        assert parsed is not None
        assert records[name].id == parsed.id
        assert records[name].sha256 == parsed.sha256 == hashlib.sha256(parsed.secret.encode()).hexdigest()
        assert records[name].traffic == traffic
        assert records[name].is_valid(NOW)
        assert Scope.OPERATE not in records[name].scopes


def test_a_rotated_key_goes_on_for_a_day(tmp_path):
    text, _, _ = api_keys.new_file(NOW)
    text, key = api_keys.rotate(text, "first", NOW)
    old, new = [record for record in as_the_gateway_reads(text, tmp_path) if record.name == "first"]
    assert old.is_valid(NOW + timedelta(hours=23))
    assert not old.is_valid(NOW + timedelta(hours=24))
    parsed = KeyText.parse(key)
    assert parsed is not None
    assert parsed.id == new.id
    assert new.scopes == old.scopes
    assert new.is_valid(NOW + timedelta(days=400))


def test_a_revoked_key_is_not_taken_any_more(tmp_path):
    text = api_keys.revoke(api_keys.new_file(NOW)[0], "first", NOW)
    assert [record.is_valid(NOW) for record in as_the_gateway_reads(text, tmp_path) if record.name == "first"] == [
        False
    ]


@pytest.mark.parametrize("order", [api_keys.rotate, api_keys.revoke])
def test_a_name_without_a_key_is_a_sentence(order):
    with pytest.raises(api_keys.KeyUnknown, match="ward-9 has no valid key"):
        order(api_keys.new_file(NOW)[0], "ward-9", NOW)


def test_a_name_that_has_a_key_gets_no_second_one():
    with pytest.raises(api_keys.KeyUnknown, match="has a valid key already"):
        api_keys.add(api_keys.new_file(NOW)[0], "first", ("screen",), ("patient",), NOW)


def make_files(tmp_path):
    files = {
        "--database-url-file": "postgresql+pg8000://symmetra:pw@postgres.st-anna.org/symmetra\n",
        "--oidc-client-secret-file": "oidc-secret\n",
        "--registry-config": '{"auths": {}}',
        "--ca-file": "-----BEGIN CERTIFICATE-----\n",
        "--tls-certificate": "certificate",
        "--tls-key": "key",
    }
    options = []
    for number, (option, text) in enumerate(files.items()):
        path = tmp_path / f"file-{number}"
        path.write_text(text)
        options += [option, path]
    return options


def test_one_command_makes_everything_and_shows_nothing(kubectl, tmp_path):
    kubectl.answer("get secrets", "")
    kubectl.answer("get configmap", {"error": "not found"})
    kubectl.answer("create", "")
    first = tmp_path / "first.key"
    code, out, err = run(
        "secrets", "--overlay", make_overlay(tmp_path / "hospital"), "--first-key-file", first, *make_files(tmp_path)
    )
    assert (code, err) == (0, "")
    made = {(item["kind"], item["metadata"]["name"]): item for item in kubectl.objects("create")}
    assert {name for _, name in made} == {
        "symmetra-session-key", "symmetra-record-key", "symmetra-api-keys", "symmetra-sentinel-key", "symmetra-records",
        "symmetra-oidc-client", "symmetra-registry", "symmetra-tls", "symmetra-ca",
    }  # fmt: skip
    session = base64.b64decode(made["Secret", "symmetra-session-key"]["data"]["session.key"]).decode().strip()
    assert len(bytes.fromhex(session)) == 32
    assert (
        base64.b64decode(made["Secret", "symmetra-records"]["data"]["url"])
        == b"postgresql+pg8000://symmetra:pw@postgres.st-anna.org/symmetra"
    )
    assert made["Secret", "symmetra-registry"]["type"] == "kubernetes.io/dockerconfigjson"
    assert session not in out
    assert "pw@" not in out
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert KeyText.parse(first.read_text().strip())
    # No secret stands on a command line, where others on the machine could read it.
    assert not any("pw@" in " ".join(arguments) or session in " ".join(arguments) for arguments, _ in kubectl.calls())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "postgresql+pg8000://u:pw@postgres.st-anna.org:6432/symmetra",
            "names postgres.st-anna.org:6432, and SITE_DATABASE",
        ),
        ("postgresql+pg8000://u:pw@db.st-anna.org/symmetra", "names db.st-anna.org:5432, and SITE_DATABASE"),
        ("u:pw@postgres.st-anna.org", "holds no URL like"),
        ("postgresql+pg8000://u:pw@postgres.st-anna.org:many/symmetra", "holds no URL like"),
    ],
)
def test_another_database_than_the_site_files_is_refused_before_anything_is_made(kubectl, tmp_path, url, says):
    kubectl.answer("get secrets", "")
    first, file = tmp_path / "first.key", tmp_path / "database-url"
    file.write_text(url)
    overlay = make_overlay(tmp_path / "hospital")
    code, out, err = run("secrets", "--overlay", overlay, "--first-key-file", first, "--database-url-file", file)
    assert (code, out) == (1, "")
    assert says in err
    assert "pw" not in err.replace("PASSWORD", "")
    assert not first.exists()
    assert kubectl.objects("create") == []


def test_a_bundle_that_is_there_is_left_alone_and_the_command_that_replaces_it_is_named(kubectl, tmp_path):
    kubectl.answer(
        "get secrets", "".join(f"secret/symmetra-{name}\n" for name in ("session-key", "record-key", "api-keys"))
    )
    kubectl.answer("get configmap symmetra-ca", "")
    pem = tmp_path / "ca.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\n")
    code, out, _ = run("secrets", "--overlay", make_overlay(tmp_path / "hospital"), "--ca-file", pem)
    assert code == 0
    assert kubectl.objects("create") == []
    assert out.startswith(
        f"left the ConfigMap symmetra-ca as it was; where {pem} is a newer one: kubectl create configmap symmetra-ca "
        f"--from-file=ca.crt={pem} --namespace symmetra --dry-run=client -o yaml | kubectl apply -f -\n"
    )


def test_what_is_there_is_not_made_again(kubectl, tmp_path):
    names = ("session-key", "record-key", "api-keys", "sentinel-key")
    kubectl.answer("get secrets", "".join(f"secret/symmetra-{name}\n" for name in names))
    code, _, _ = run("secrets", "--overlay", make_overlay(tmp_path / "hospital"))
    assert code == 0
    assert kubectl.objects("create") == []


def test_a_key_file_that_is_there_is_not_overwritten(kubectl, tmp_path):
    kubectl.answer("get secrets", "")
    first = tmp_path / "first.key"
    first.write_text("somebody's")
    code, _, err = run("secrets", "--overlay", make_overlay(tmp_path / "hospital"), "--first-key-file", first)
    assert code == 1
    assert "name a file that is not there yet" in err
    assert first.read_text() == "somebody's"
    assert kubectl.objects("create") == []


def test_a_key_is_rotated_in_the_secret_that_was_read(kubectl, tmp_path):
    text, _, _ = api_keys.new_file(datetime.now(UTC))
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "symmetra-api-keys", "resourceVersion": "41"},
        "data": {"api-keys.json": base64.b64encode(text.encode()).decode()},
    }  # fmt: skip
    kubectl.answer("get secret symmetra-api-keys", secret)
    kubectl.answer("replace", "")
    code, out, _ = run("keys", "rotate", "--name", "first", "--overlay", make_overlay(tmp_path / "hospital"))
    assert code == 0
    (replaced,) = kubectl.objects("replace")
    assert replaced["metadata"]["resourceVersion"] == "41"
    entries = json.loads(base64.b64decode(replaced["data"]["api-keys.json"]))["keys"]
    assert [entry["name"] for entry in entries] == ["first", "sentinel", "first"]
    assert KeyText.parse(out.strip())


@pytest.mark.parametrize(
    ("name", "field", "lines"), [("symmetra-session-key", "session.key", 2), ("symmetra-record-key", "record.key", 3)]
)
def test_a_rotated_secret_keeps_what_is_still_needed(kubectl, tmp_path, name, field, lines):
    old = ["aa" * 32, "bb" * 32]
    secret = {"metadata": {"name": name}, "data": {field: base64.b64encode("\n".join(old).encode()).decode()}}
    kubectl.answer(f"get secret {name}", secret)
    kubectl.answer("replace", "")
    code, out, _ = run("secrets", "--rotate", name, "--overlay", make_overlay(tmp_path / "hospital"))
    assert code == 0
    (replaced,) = kubectl.objects("replace")
    found = base64.b64decode(replaced["data"][field]).decode().split()
    assert len(found) == lines
    assert found[1:] == old[: lines - 1]
    assert len(bytes.fromhex(found[0])) == 32
    assert found[0] not in out


def test_an_overlay_without_a_site_file_gets_what_is_random(kubectl, tmp_path):
    kubectl.answer("get secrets", "")
    kubectl.answer("create", "")
    (tmp_path / "local").mkdir()
    (tmp_path / "local/kustomization.yaml").write_text("namespace: symmetra\n")
    code, _, err = run("secrets", "--overlay", tmp_path / "local", "--first-key-file", tmp_path / "first.key")
    assert (code, err) == (0, "")
    assert {item["metadata"]["name"] for item in kubectl.objects("create")} == {
        "symmetra-session-key", "symmetra-record-key", "symmetra-api-keys", "symmetra-sentinel-key",
    }  # fmt: skip
