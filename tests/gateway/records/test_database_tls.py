"""TLS to a real PostgreSQL: the right authority, a wrong one, a wrong name, a server that speaks in clear only."""

import re

import pytest

from gateway.errors import StartRefused
from gateway.records.away.when_away import WhenAway
from gateway.records.database import CONNECT_SECONDS, open_database
from gateway.records.database_tls import CaFileInvalid, DatabaseTls, TlsDemand
from gateway.records.readiness import DatabaseAway, require_tables
from gateway.settings import Settings
from gateway.start import require_startable
from tests.support.certificates import make_authority, make_certificate
from tests.support.command_line import command
from tests.support.gateway import FakeGateway
from tests.support.records import make_records

pytestmark = pytest.mark.needs_system("postgres")
REQUIRE = TlsDemand.REQUIRE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("hospital", "stranger"):
        make_authority(folder, name)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    """A PostgreSQL with a certificate for localhost and 127.0.0.1."""
    from tests.support.postgresql import PostgresqlServer  # noqa: PLC0415 - most tests need no server

    # The second address is none that the certificate is made out to.
    with PostgresqlServer(listen_addresses="127.0.0.1,127.0.0.2") as server:
        server.show_certificate(make_certificate(folder, "postgresql", "hospital"))
        yield server


@pytest.fixture(scope="module")
def url(server):
    return server.new_database()


def is_encrypted(url, tls):
    engine = open_database(url, CONNECT_SECONDS, tls)
    try:
        with engine.connect() as connection:
            question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            return connection.exec_driver_sql(question).scalar_one()
    finally:
        engine.dispose()


def why_not(url, tls):
    with pytest.raises(DatabaseAway) as refused:
        require_tables(url, tls)
    assert ":***@" in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("demand", [REQUIRE, None])
def test_the_right_authority_lets_it_in_over_tls(url, folder, demand):
    assert is_encrypted(url, DatabaseTls(demand, folder / "hospital.pem"))


def test_on_this_machine_or_where_it_is_off_it_is_not_asked_for(url):
    assert not is_encrypted(url, DatabaseTls())
    assert not is_encrypted(url, DatabaseTls(TlsDemand.OFF))


def test_another_authority_is_refused_in_a_sentence(url, folder):
    says = why_not(url, DatabaseTls(REQUIRE, folder / "stranger.pem"))
    assert "its certificate is not trusted" in says
    assert "SYMMETRA_RECORDS_CA_FILE" in says


def test_where_no_file_is_named_the_systems_authorities_count_and_they_know_nothing_of_this_one(url):
    assert "its certificate is not trusted" in why_not(url, DatabaseTls(REQUIRE))


def test_the_systems_authorities_can_be_named_for_every_client_at_once(url, folder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "hospital.pem"))
    assert is_encrypted(url, DatabaseTls(REQUIRE))


def test_another_name_of_the_same_host_is_refused_in_a_sentence(server, url, folder):
    elsewhere = server.url(url.rpartition("/")[2], host="127.0.0.2")
    says = why_not(elsewhere, DatabaseTls(REQUIRE, folder / "hospital.pem"))
    assert "its certificate is not made out to 127.0.0.2" in says


def test_a_certificate_that_is_over_is_refused(server, url, folder):
    server.show_certificate(make_certificate(folder, "old", "hospital", days=-1))
    try:
        assert "certificate has expired" in why_not(url, DatabaseTls(REQUIRE, folder / "hospital.pem"))
    finally:
        server.show_certificate(make_certificate(folder, "postgresql", "hospital"))
        server.stop()
        server.start()


def test_a_server_that_speaks_in_clear_is_refused_in_a_sentence_and_taken_where_a_site_says_so(postgresql, folder):
    in_clear = postgresql.new_database()
    says = why_not(in_clear, DatabaseTls(REQUIRE, folder / "hospital.pem"))
    assert "it does not speak TLS, which is required" in says
    assert "SYMMETRA_RECORDS_TLS=off" in says
    assert not is_encrypted(in_clear, DatabaseTls(TlsDemand.OFF))
    postgresql.drop(in_clear)


@pytest.mark.parametrize("host", ["postgres.hospital.example", "10.1.2.3", "[2001:db8::1]"])
def test_every_other_host_is_asked_for_tls_where_nothing_is_said(host):
    engine = open_database(f"postgresql+pg8000://u:p@{host}/records")
    assert DatabaseTls().context_for(engine.url.host).check_hostname
    assert DatabaseTls(TlsDemand.OFF).context_for(engine.url.host) is None


def test_orders_of_the_command_line_take_the_settings(server, folder):
    made = {"records_url": server.new_database(tables=False), "records_tls": "require"}
    told = command("records", "upgrade", **made, records_ca_file=folder / "stranger.pem")
    assert told.code == 1
    assert re.search(r"cannot be upgraded: its certificate is not trusted \(.+\)", told.err)
    right = made | {"records_ca_file": folder / "hospital.pem"}
    assert command("records", "upgrade", **right).code == 0
    assert command("records", "status", **right).code == 0
    assert "not trusted" in command("records", "status", **made, records_ca_file=folder / "stranger.pem").err


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_holds_no_authority_ends_an_order_and_keeps_a_gateway_from_starting(tmp_path, url, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CaFileInvalid, match="must be a readable PEM file"):
        DatabaseTls(ca_file=file).require_ca_file()
    with pytest.raises(SystemExit) as ended:
        command("records", "status", records_url=url, records_ca_file=file)
    assert ended.value.code == 2
    settings = make_records(tmp_path, url=url)
    with pytest.raises(StartRefused, match=r"SYMMETRA_RECORDS_CA_FILE is '.*ca\.pem': must be a readable PEM file"):
        require_startable(Settings(model_repository=tmp_path, **settings, records_ca_file=file))


@pytest.mark.parametrize("value", ["", "yes", "REQUIRE", "verify-full"])
def test_other_words_are_refused(value, url):
    with pytest.raises(SystemExit):
        command("records", "status", records_url=url, records_tls=value)


def test_a_gateway_keeps_receipts_over_tls_and_refuses_answers_where_the_authority_is_another(tmp_path, server, folder):
    url = server.new_database()
    settings = make_records(tmp_path, url=url) | {"records_tls": REQUIRE}
    gateway = FakeGateway(tmp_path, **settings, records_ca_file=folder / "hospital.pem")
    assert gateway.screen().status_code == 200
    gateway.close()
    other = FakeGateway(tmp_path, **settings, records_ca_file=folder / "stranger.pem")
    assert other.screen().status_code == 503
    other.close()


def test_where_nothing_is_answered_without_it_a_gateway_does_not_start_beside_a_database_that_is_not_trusted(
    tmp_path, server, folder
):
    settings = make_records(tmp_path, url=server.new_database()) | {
        "records_tls": REQUIRE,
        "model_repository": tmp_path,
    }
    require_startable(Settings(**settings, records_ca_file=folder / "hospital.pem"))
    with pytest.raises(StartRefused, match="its certificate is not trusted"):
        require_startable(Settings(**settings, records_ca_file=folder / "stranger.pem"))
    require_startable(Settings(**settings, records_ca_file=folder / "stranger.pem", records_when_away=WhenAway.ANSWER))
