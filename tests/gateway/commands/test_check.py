import json
import re

import pytest

from gateway.commands.checks import State, check_port, check_records
from gateway.records.single_gateway import SingleGateway
from gateway.settings import Settings
from gateway.stop.stop_switch import StopSwitch
from serving.local.ports import find_free_port
from serving.repository import ModelRepository
from tests.support.command_line import command
from tests.support.golden_server import GOLDEN_P, MODEL, GoldenServer, publish_golden_version
from tests.support.records import make_records


@pytest.fixture
def server():
    with GoldenServer(1) as server:
        yield server


@pytest.fixture
def settings(tmp_path, server):
    publish_golden_version(tmp_path)
    return {
        "model_repository": tmp_path,
        "model_name": MODEL,
        "model_server": f"127.0.0.1:{server.port}",
        "port": find_free_port(),
        "metrics_port": find_free_port(),
    }


def checks(**settings):
    said = command("check", "--json", **settings)
    content = json.loads(said.out)
    assert content["ok"] is (said.code == 0)
    return {check["name"]: (check["state"], check["says"], check["to_do"]) for check in content["checks"]}


def states(**settings):
    return {name: state for name, (state, *_) in checks(**settings).items() if state not in {"ok", "note"}}


def test_everything_is_tested_and_told_line_by_line(settings):
    said = command("check", **settings)
    assert said.code == 0, said.out
    assert re.search(rf"^SYMMETRA_MODEL_NAME +{MODEL}$", said.out, flags=re.MULTILINE)
    for name in ("model repository", "pinned version", "stop switch", "face detector", "port", "metrics port"):
        assert f"ok          {name}: " in said.out
    assert re.search(r"model repository: .*, 1 version\n", said.out)
    assert "ok          model server: " in said.out
    assert "ok          golden answers: every golden answer is right\n" in said.out


def test_a_page_that_names_no_number_to_call_is_noted(settings, tmp_path):
    state, says, to_do = checks(**settings)["crisis text"]
    assert (state, "emergency number" in says) == ("note", True)
    assert "SYMMETRA_CRISIS_TEXT_FILE" in to_do
    path = tmp_path / "crisis.txt"
    path.write_text("Call 555 0100.")
    assert checks(**settings, crisis_text_file=path)["crisis text"][0] == "ok"
    path.write_text("")
    assert checks(**settings, crisis_text_file=path)["crisis text"][0] == "failed"


def test_a_version_that_cannot_say_how_often_a_band_is_wrong_is_noted(settings):
    state, says, _ = checks(**settings)["meaning of bands"]
    assert (state, says) == ("note", "nobody counted how often a band is wrong, and the page says so")


def test_settings_in_force_are_shown_and_mistakes_named_at_once(settings):
    content = json.loads(command("check", "--json", **settings).out)
    assert content["settings"]["SYMMETRA_SENTINEL_INTERVAL_SECONDS"] == "60.0"
    said = command("check", port="x", metrics_port="y")
    assert said.code == 1
    assert len(said.err.splitlines()) == 3
    assert len(json.loads(command("check", "--json", port="x", metrics_port="y").out)["mistakes"]) == 3


def test_a_model_server_that_is_away_fails_with_what_to_do(settings):
    found = checks(**settings | {"model_server": "127.0.0.1:1"})
    state, says, to_do = found["model server"]
    assert state == "failed"
    assert "127.0.0.1:1" in says
    assert "SYMMETRA_MODEL_SERVER" in to_do
    assert found["golden answers"][0] == "not tested"


def test_a_version_that_is_not_loaded_fails(settings, server):
    server.states = {1: "LOADING"}
    assert states(**settings) == {"model server": "failed", "golden answers": "not tested"}


def test_wrong_golden_answers_fail(settings, server):
    server.p_no_depression = 1 - GOLDEN_P
    found = checks(**settings)
    assert found["golden answers"][0] == "failed"
    assert found["golden answers"][1].startswith("polarity_reversed: ")
    assert "pause" in found["golden answers"][2]


def test_version_files_that_cannot_be_read_are_a_note(settings, tmp_path):
    directory = tmp_path / MODEL / "1"
    directory.rename(directory.with_name("away"))
    assert checks(**settings)["golden answers"][0] == "note"


def test_nothing_pinned_and_no_repository_fail(settings, tmp_path):
    (tmp_path / MODEL / "pin.json").unlink()
    assert states(**settings) == {
        "pinned version": "failed",
        "meaning of bands": "not tested",
        "model server": "not tested",
        "golden answers": "not tested",
    }
    assert states(**settings | {"model_repository": tmp_path / "none"})["model repository"] == "failed"


def test_a_pause_is_told_and_a_damaged_record_fails(settings, tmp_path):
    StopSwitch(ModelRepository(tmp_path, MODEL).directory).pause(by="ada", why="odd answers")
    state, says, _ = checks(**settings)["stop switch"]
    assert state == "note"
    assert "ada" in says
    assert "odd answers" in says
    (tmp_path / MODEL / "pause.json").write_text("{")
    assert states(**settings) == {"stop switch": "failed"}


def test_a_port_that_something_else_holds_fails_with_the_setting(server):
    result = check_port("metrics port", "127.0.0.1", server.port)
    assert result.state == "failed"
    assert "SYMMETRA_METRICS_PORT" in result.to_do


def test_an_address_of_another_machine_fails(settings):
    assert checks(**settings | {"host": "192.0.2.1", "allow_demo_model": "yes"})["port"][0] == "failed"


def test_files_for_tls_that_are_not_there_fail(settings):
    assert "model server" in states(**settings | {"model_server_ca_file": "/nowhere"})


def test_an_identity_provider_that_is_away_fails(settings):
    found = states(**settings, oidc_issuer="http://127.0.0.1:1/", oidc_audience="symmetra", session_key_file="/nowhere")
    assert found == {"identity provider": "failed", "access": "failed"}


def test_records_are_tested_where_they_are_kept(settings, tmp_path):
    records = make_records(tmp_path, tables=False)
    state, says, _ = checks(**settings, **records)["records"]
    assert state == "failed"
    assert "python -m gateway records upgrade" in says
    assert command("records", "upgrade", **records).code == 0
    assert checks(**settings, **records)["records"][0] == "ok"


def test_a_password_is_masked(settings, tmp_path):
    records = make_records(tmp_path) | {"records_url": "postgresql+pg8000://nobody:s3cret@127.0.0.1:1/none"}
    for arguments in (("check",), ("check", "--json")):
        said = command(*arguments, **settings, **records)
        assert said.code == 1
        assert "nobody:***@127.0.0.1" in said.out
        assert "s3cret" not in said.out + said.err


@pytest.mark.needs_system("postgres")
def test_a_database_that_does_not_wait_for_its_disk_is_told(tmp_path, postgresql):
    url = postgresql.new_database()
    result = check_records(Settings(model_repository=tmp_path, **make_records(tmp_path, url=url)))
    postgresql.drop(url)
    assert (result.state, "fsync" in result.says) == (State.FAILED, True)


def test_an_sqlite_file_that_a_gateway_has_is_told(tmp_path):
    records = make_records(tmp_path)
    settings = Settings(model_repository=tmp_path, **records)
    assert check_records(settings).state is State.OK
    with SingleGateway(records["records_url"]):
        assert check_records(settings).state is State.NOTE
