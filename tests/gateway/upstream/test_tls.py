"""TLS to the model server, with a site's own authority, and with a certificate of ours where the server asks for one."""

import shutil

import grpc
import pytest

from gateway.errors import PredictorTimeout, PredictorUnavailable, SettingsInvalid
from gateway.settings import Settings
from gateway.start import require_startable
from gateway.upstream.credentials import Credentials
from gateway.upstream.tls_files import require_tls_files, tls_files_of
from serving.local.ports import find_free_port
from tests.support.certificates import make_authority, make_certificate
from tests.support.gateway import VERSION
from tests.support.stub_model_server import StubModelServer

pytestmark = pytest.mark.needs_system("openssl")
REFUSED_SECONDS = 0.7
REFUSALS = (PredictorUnavailable, PredictorTimeout)
"""The second where even the handshake took longer."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`ours` knows server and client, `theirs` knows the stranger."""
    folder = tmp_path_factory.mktemp("certificates")
    for authority, names in (("ours", ("server", "client")), ("theirs", ("stranger",))):
        make_authority(folder, authority)
        for name in names:
            make_certificate(folder, name, authority)
    return folder


@pytest.fixture
def serve(folder):
    """A model server over TLS, which may ask its clients for a certificate of `ours`."""
    started = []

    def serve(*, asks_clients):
        credentials = grpc.ssl_server_credentials(
            [((folder / "server.key").read_bytes(), (folder / "server.pem").read_bytes())],
            (folder / "ours.pem").read_bytes(),
            require_client_auth=asks_clients,
        )
        started.append(StubModelServer(VERSION, credentials=credentials))
        return started[-1]

    yield serve
    for stub in started:
        stub.__exit__()


def settings_with(folder, authority, client=None):
    pair = {}
    if client is not None:
        pair = {
            "model_server_client_cert_file": folder / f"{client}.pem",
            "model_server_client_key_file": folder / f"{client}.key",
        }
    return Settings(model_repository=folder, model_server_ca_file=folder / f"{authority}.pem", **pair)


def credentials_with(folder, authority, client=None):
    settings = settings_with(folder, authority, client)
    require_tls_files(settings)
    return Credentials(tls_files_of(settings))


@pytest.mark.parametrize("client", [None, "client"])
def test_a_server_that_our_authority_knows_is_asked(connect, serve, folder, model, client):
    stub = serve(asks_clients=False)
    upstream = connect(stub.address, credentials=credentials_with(folder, "ours", client))
    assert upstream.predict(model).version == VERSION


def test_a_server_that_asks_who_we_are_is_shown_our_certificate(connect, serve, folder, model):
    stub = serve(asks_clients=True)
    upstream = connect(stub.address, credentials=credentials_with(folder, "ours", "client"))
    assert upstream.predict(model).version == VERSION


@pytest.mark.parametrize("client", [None, "stranger"])
def test_without_a_certificate_that_it_knows_it_does_not_let_us_in(connect, serve, folder, model, client):
    stub = serve(asks_clients=True)
    upstream = connect(stub.address, credentials=credentials_with(folder, "ours", client))
    with pytest.raises(REFUSALS):
        upstream.predict(model, seconds=REFUSED_SECONDS)
    assert stub.calls == 0


def test_a_server_that_another_authority_knows_gets_no_crop(connect, serve, folder, model):
    stub = serve(asks_clients=False)
    upstream = connect(stub.address, credentials=credentials_with(folder, "theirs"))
    with pytest.raises(REFUSALS):
        upstream.predict(model, seconds=REFUSED_SECONDS)
    assert stub.calls == 0


def test_a_server_without_tls_gets_no_crop_from_us_and_one_with_tls_none_in_the_clear(
    connect, serve, stub, folder, model
):
    upstream = connect(stub.address, credentials=credentials_with(folder, "ours"))
    with pytest.raises(REFUSALS):
        upstream.predict(model, seconds=REFUSED_SECONDS)
    secured = serve(asks_clients=False)
    with pytest.raises(REFUSALS):
        connect(secured.address).predict(model, seconds=REFUSED_SECONDS)
    assert (stub.calls, secured.calls) == (0, 0)


def test_files_that_are_replaced_count_for_the_next_channel(folder, tmp_path):
    for name in ("ours.pem", "theirs.pem"):
        shutil.copy(folder / name, tmp_path)
    credentials = credentials_with(tmp_path, "ours")
    first = credentials.current()
    assert credentials.current() is first  # the same object, or channels would not share their connections
    (tmp_path / "theirs.pem").replace(tmp_path / "ours.pem")
    second = credentials.current()
    assert second is not first
    (tmp_path / "ours.pem").unlink()
    assert credentials.current() is second


def test_a_certificate_that_is_renewed_lets_a_running_gateway_in(connect, serve, folder, tmp_path, model):
    stub = serve(asks_clients=True)
    for name in ("ours.pem", "stranger.pem", "stranger.key"):
        shutil.copy(folder / name, tmp_path)
    credentials = credentials_with(tmp_path, "ours", "stranger")
    with pytest.raises(REFUSALS):
        connect(stub.address, credentials=credentials).predict(model, seconds=REFUSED_SECONDS)
    for ending in ("pem", "key"):
        shutil.copy(folder / f"client.{ending}", tmp_path / f"stranger.{ending}")
    assert connect(stub.address, credentials=credentials).predict(model).version == VERSION


def test_without_files_there_is_no_tls_and_nothing_to_check(tmp_path):
    settings = Settings(model_repository=tmp_path)
    require_tls_files(settings)
    assert tls_files_of(settings) is None


@pytest.mark.parametrize("content", [None, b"", b"no pem", "größe".encode("latin-1")])
def test_an_authority_that_cannot_be_used_is_named_at_start(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    settings = Settings(
        model_repository=tmp_path, model_server_ca_file=path, port=find_free_port(), metrics_port=find_free_port()
    )
    for check in (require_tls_files, require_startable):
        with pytest.raises(SettingsInvalid, match=r"SYMMETRA_MODEL_SERVER_CA_FILE is .*ca\.pem"):
            check(settings)


def test_every_mistake_is_named_at_once(folder, tmp_path):
    settings = Settings(
        model_repository=folder,
        model_server_ca_file=tmp_path / "missing.pem",
        model_server_client_cert_file=folder / "client.pem",
        model_server_client_key_file=folder / "stranger.key",
    )
    with pytest.raises(SettingsInvalid) as caught:
        require_tls_files(settings)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "key values mismatch" in lines[1]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"model_server_client_cert_file": "client.pem"}, 2),
        ({"model_server_client_key_file": "client.key", "model_server_ca_file": "ours.pem"}, 1),
        ({"model_server_client_key_file": "client.key", "model_server_client_cert_file": "client.pem"}, 1),
        (
            {
                "model_server_client_key_file": "client.pem",
                "model_server_client_cert_file": "client.key",
                "model_server_ca_file": "ours.pem",
            },
            1,
        ),
    ],
)
def test_settings_that_need_each_other(folder, fields, names):
    paths = {name: folder / file for name, file in fields.items()}
    with pytest.raises(SettingsInvalid) as caught:
        require_tls_files(Settings(model_repository=folder, **paths))
    assert len(str(caught.value).splitlines()) == names
