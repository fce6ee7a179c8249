import dataclasses
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.access.roles import Role
from gateway.access.scopes import Scope
from gateway.errors import SettingsInvalid
from gateway.settings import Settings, is_loopback, name_of

REQUIRED = {"SYMMETRA_MODEL_REPOSITORY": "models"}


def test_defaults_listen_on_loopback_only_and_hold_enough_connections():
    settings = Settings.from_environment(REQUIRED)
    assert (settings.host, settings.metrics_host) == ("127.0.0.1", "127.0.0.1")
    assert settings.is_loopback
    assert settings.connections >= 64
    assert settings.model_repository == Path("models")
    assert not settings.allow_demo_model


def test_every_setting_is_read_from_its_own_variable():
    values = {
        "model_repository": "elsewhere", "model_name": "other", "model_server": "dns:///models:8500", "host": "::1",
        "model_server_ca_file": "ca.pem", "model_server_client_cert_file": "us.pem", "model_server_client_key_file": "us.key",
        "shadow_version": "8",
        "port": "1", "metrics_host": "localhost", "metrics_port": "2", "allow_demo_model": "yes", "deadline_seconds": "3.5",
        "body_deadline_seconds": "4.5", "read_timeout_seconds": "0.5", "header_timeout_seconds": "6", "stop_notice_seconds": "1.5", "stop_timeout_seconds": "7",
        "connections": "64", "max_in_flight": "9", "max_queue": "0", "max_queue_wait_seconds": "2.5",
        "reserved_places": "1", "requests_per_second_per_client": "0.5", "burst_per_client": "3", "trusted_proxies": "10.0.0.0/8",
        "max_photo_bytes": "1048576",
        "max_upload_memory_bytes": "2097152", "cores": "2", "idempotency_window_seconds": "60.5", "idempotency_entries": "8", "sentinel_interval_seconds": "2.5", "log_level": "debug",
        "intended_use": "research", "api_keys_file": "keys.json", "session_key_file": "session.key",
        "oidc_issuer": "https://id.example/realm", "oidc_audience": "symmetra", "oidc_ca_file": "ca.pem",
        "oidc_scope_claim": "roles", "oidc_scope_mapping": "ward=screen", "oidc_clock_skew_seconds": "10",
        "oidc_keys_stale_seconds": "600", "access_failures_per_second_per_client": "0.5", "tls_in_front": "yes",
        "records_url": "sqlite:////var/lib/receipts.db", "records_when_away": "spool", "records_journal_file": "journal", "records_journal_bytes": "65536", "replicas": "1", "record_key_file": "record.key",
        "records_tls": "require", "records_ca_file": "ca.pem",
        "audit_checkpoint_file": "checkpoints", "keep_receipts_days": "3650", "keep_audit_days": "3660",
        "oidc_client_id": "page", "oidc_client_secret_file": "client.secret", "oidc_sign_in_scope": "openid roles", "oidc_role_claim": "groups",
        "oidc_role_mapping": "operator=it", "public_url": "https://symmetra.example", "session_idle_seconds": "600",
        "session_absolute_seconds": "3600", "access_contact": "the service desk", "notice_file": "notice.txt", "notice_required": "no",
        "languages": "en,de", "crisis_text_file": "crisis.txt", "prometheus_url": "http://prometheus.example:9090", "traces_url": "http://collector.example:4318", "site_prevalence_percent": "12.5", "view_before_score": "no",
    }  # fmt: skip
    assert set(values) == {field.name for field in dataclasses.fields(Settings)}
    settings = Settings.from_environment({name_of(name): value for name, value in values.items()})
    assert {name: str(value) for name, value in dataclasses.asdict(settings).items()} == values | {
        "allow_demo_model": "True",
        "tls_in_front": "True",
        "oidc_scope_mapping": str((("ward", (Scope.SCREEN,)),)),
        "oidc_role_mapping": str((("it", Role.OPERATOR),)),
        "notice_required": "False",
        "view_before_score": "False",
        "languages": str(("en", "de")),
        "trusted_proxies": str((ip_network("10.0.0.0/8"),)),
    }


def test_every_mistake_is_named_at_once_with_its_value():
    environment = {
        "SYMMETRA_PORT": "eighty",
        "SYMMETRA_DEADLINE_SECONDS": "nan",
        "SYMMETRA_CONNECTIONS": "63",
        "SYMMETRA_ALLOW_DEMO_MODEL": "perhaps",
        "SYMMETRA_LOG_LEVEL": "loud",
        "SYMMETRA_HOST": "",
    }
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment(environment)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(environment) + 1
    assert "SYMMETRA_MODEL_REPOSITORY is missing" in lines[0]
    for name, value in environment.items():
        assert any(line.startswith(f"{name} is {value!r}: must ") for line in lines)


@pytest.mark.parametrize("value", ["0", "-1", "inf", "nan", "", "10 s", "3601"])
def test_a_deadline_is_a_positive_number_of_seconds(value):
    with pytest.raises(SettingsInvalid, match="SYMMETRA_DEADLINE_SECONDS"):
        Settings.from_environment({**REQUIRED, "SYMMETRA_DEADLINE_SECONDS": value})


@pytest.mark.parametrize(
    ("text", "read"),
    [("", ()), (" ", ()), ("10.0.0.0/8, ::1", (ip_network("10.0.0.0/8"), ip_network("::1/128")))],
)
def test_trusted_proxies_are_networks(text, read):
    assert Settings.from_environment({**REQUIRED, "SYMMETRA_TRUSTED_PROXIES": text}).trusted_proxies == read


@pytest.mark.parametrize("value", ["10.0.0.1/8", "proxy.example", "10.0.0.0/8;::1", ","])
def test_what_is_no_network_is_named(value):
    with pytest.raises(SettingsInvalid, match="SYMMETRA_TRUSTED_PROXIES"):
        Settings.from_environment({**REQUIRED, "SYMMETRA_TRUSTED_PROXIES": value})


def test_settings_that_contradict_each_other_are_refused():
    environment = {
        **REQUIRED,
        "SYMMETRA_METRICS_PORT": "8080",
        "SYMMETRA_MAX_UPLOAD_MEMORY_BYTES": str(11 * 1024 * 1024),
        "SYMMETRA_CORES": "8",
        "SYMMETRA_MAX_IN_FLIGHT": "4",
    }
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment(environment)
    assert len(str(caught.value).splitlines()) == 3


def test_a_near_miss_of_a_name_is_a_mistake_and_another_parts_name_is_not():
    with pytest.raises(
        SettingsInvalid, match=r"SYMMETRA_METRIC_PORT is not a setting; SYMMETRA_METRICS_PORT was meant\?"
    ):
        Settings.from_environment({**REQUIRED, "SYMMETRA_METRIC_PORT": "9000"})
    others = {
        "SYMMETRA_MODEL_SERVER_PORT": "1",
        "SYMMETRA_MODEL_SERVER_REST_PORT": "2",
        "SYMMETRA_PROMETHEUS_PORT": "3",
    }
    Settings.from_environment({**REQUIRED, **others, "UNRELATED": "x"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_hosts(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "192.168.1.1", "gateway.example", "localhost.example", ""]
)
def test_other_hosts(host):
    assert not is_loopback(host)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.from_environment(REQUIRED).port = 1


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sqlite://",
        "sqlite:///",
        "mysql://u:p@h/d",
        "postgresql://u:s3cret@h/d",
        "postgresql+pg8000://u:s3/cret@h",
        "/var/lib/receipts.db",
    ],
)
def test_a_database_that_is_none_is_a_mistake_whose_value_is_not_repeated(value):
    with pytest.raises(SettingsInvalid, match="SYMMETRA_RECORDS_URL is not shown: must be sqlite:") as caught:
        Settings.from_environment({**REQUIRED, "SYMMETRA_RECORDS_URL": value})
    assert "s3cret" not in str(caught.value)


def test_records_need_a_secret_that_stays():
    with pytest.raises(SettingsInvalid, match="SYMMETRA_RECORD_KEY_FILE is missing: SYMMETRA_RECORDS_URL is set"):
        Settings.from_environment({**REQUIRED, "SYMMETRA_RECORDS_URL": "sqlite:////tmp/receipts.db"})


def test_sqlite_is_for_one_gateway():
    records = {"SYMMETRA_RECORDS_URL": "sqlite:////tmp/receipts.db", "SYMMETRA_RECORD_KEY_FILE": "record.key"}
    with pytest.raises(SettingsInvalid, match="SQLite is for one gateway; several need PostgreSQL"):
        Settings.from_environment({**REQUIRED, **records, "SYMMETRA_REPLICAS": "2"})
    elsewhere = {"SYMMETRA_RECORDS_URL": "postgresql+pg8000://u@h/d", "SYMMETRA_REPLICAS": "2"}
    assert Settings.from_environment({**REQUIRED, **records, **elsewhere}).replicas == 2


def test_what_waits_for_the_database_needs_a_place():
    with pytest.raises(SettingsInvalid, match="SYMMETRA_RECORDS_JOURNAL_FILE is missing"):
        Settings.from_environment({**REQUIRED, "SYMMETRA_RECORDS_WHEN_AWAY": "spool"})


@pytest.mark.parametrize(("receipts", "audit"), [(0, 10), (20, 10)])
def test_the_audit_trail_outlives_what_it_speaks_of(receipts, audit):
    days = {"SYMMETRA_KEEP_RECEIPTS_DAYS": str(receipts), "SYMMETRA_KEEP_AUDIT_DAYS": str(audit)}
    with pytest.raises(SettingsInvalid, match="the audit trail would forget"):
        Settings.from_environment({**REQUIRED, **days})


def test_the_secret_of_records_is_not_the_one_that_sessions_rotate():
    both = dict.fromkeys(("SYMMETRA_RECORD_KEY_FILE", "SYMMETRA_SESSION_KEY_FILE"), "/etc/symmetra/key")
    with pytest.raises(SettingsInvalid, match="are the same file"):
        Settings.from_environment({**REQUIRED, **both})
