"""Settings from the environment, checked at start with every mistake named at once."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final, Self

from gateway.access.intended_use import IntendedUse, intended_use
from gateway.access.roles import RoleMapping, role_mapping
from gateway.access.sign_in_settings import sign_in_contradictions
from gateway.access.token_scopes import ScopeMapping, scope_mapping
from gateway.errors import SettingsInvalid
from gateway.records.address import masked_address, records_address
from gateway.records.away.when_away import WhenAway, when_away
from gateway.records.database_tls import TlsDemand, tls_demand
from gateway.records.record_settings import record_contradictions
from gateway.setting_values import (
    issuer_address,
    language_tags,
    networks,
    path,
    percentage,
    public_address,
    rate,
    seconds,
    service_address,
    setting,
    text,
    whole_number,
    yes_or_no,
)
from gateway.setting_values import log_level as a_log_level
from serving.contract.model import MODEL_NAME

PREFIX: Final = "SYMMETRA_"
MIN_CONNECTIONS: Final = 64
MEBIBYTE: Final = 1024 * 1024
TYPO_SIMILARITY: Final = 0.93
"""Other SYMMETRA_ names belong to other parts (the local stack's ports), so only a near miss is called a mistake."""

_port = whole_number(1, 65535)
_CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this gateway runs. Each field is set by `SYMMETRA_<FIELD IN CAPITALS>`."""

    model_repository: Path = field(
        metadata={"read": path, "says": "folder of the model repository, where pin.json and policy.json are read"}
    )
    model_name: str = setting(text, "model in the repository", MODEL_NAME)
    model_server: str = setting(
        text, "address of the model server's gRPC port: host:port, or dns:///name:port for several", "127.0.0.1:8500"
    )
    model_server_ca_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "PEM file of the authorities that may sign the model server's certificate; turns TLS on",
        },
    )
    model_server_client_cert_file: Path | None = field(
        default=None,
        metadata={"read": path, "says": "PEM file of the certificate shown to a model server that asks for one"},
    )
    model_server_client_key_file: Path | None = field(
        default=None,
        metadata={"read": path, "says": "PEM file of that certificate's private key, without a passphrase"},
    )
    shadow_version: int = setting(
        whole_number(0), "version that is asked beside the pinned one, and only compared with it; 0 is none", 0
    )
    host: str = setting(text, "address to listen on; anything but loopback refuses a demo model", "127.0.0.1")
    port: int = setting(_port, "port of the API and the page", 8080)
    metrics_host: str = setting(text, "address of the metrics", "127.0.0.1")
    metrics_port: int = setting(_port, "port of the metrics", 9108)
    allow_demo_model: bool = setting(yes_or_no, "serve a demo model beyond loopback all the same", default=False)
    intended_use: IntendedUse | None = field(
        default=None,
        metadata={
            "read": intended_use,
            "says": "research, clinical_decision_support_triage or demonstration; required beyond loopback",
        },
    )
    api_keys_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "file of the API keys, made by `python -m gateway keys`; with it nobody is let in without one",
        },
    )
    session_key_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "file with the secret that all replicas share, one or two lines of hexadecimal; required beyond loopback",
        },
    )
    oidc_issuer: str | None = setting(
        issuer_address, "identity provider whose bearer tokens are taken, or where people sign in", None
    )
    oidc_audience: str | None = setting(text, "what its tokens for this gateway are made out to", None)
    oidc_ca_file: Path | None = field(
        default=None,
        metadata={"read": path, "says": "certificates that it is trusted by, in PEM; the system's where there is none"},
    )
    oidc_scope_claim: str = setting(
        text, "claim of a token with its scopes or roles; dots lead inside, as in realm_access.roles", "scope"
    )
    oidc_scope_mapping: ScopeMapping = field(
        default=(),
        metadata={
            "read": scope_mapping,
            "says": "what the claim's values grant, like `clinician=screen explain;it=read_models`; none where they are named like scopes",
        },
    )
    oidc_clock_skew_seconds: int = setting(whole_number(0, 300), "that its clock and ours may be apart", 30)
    oidc_keys_stale_seconds: int = setting(
        whole_number(60, 604_800),
        "that its keys are still believed while it cannot be reached; then tokens get 503",
        3600,
    )
    oidc_client_id: str | None = setting(text, "as what it knows this gateway; with it people can sign in", None)
    oidc_client_secret_file: Path | None = field(
        default=None,
        metadata={"read": path, "says": "file with the secret that goes with it; none for a public client"},
    )
    oidc_sign_in_scope: str = setting(text, "what is asked for when people sign in; openid must be in it", "openid")
    oidc_role_claim: str = setting(text, "claim of the ID token with a person's roles; dots lead inside", "roles")
    oidc_role_mapping: RoleMapping = field(
        default=(),
        metadata={
            "read": role_mapping,
            "says": "roles and its words for them, like `clinician=ward-3 outpatients;operator=it`; none where they are named like ours",
        },
    )
    public_url: str | None = setting(
        public_address, "how browsers reach the gateway, such as https://symmetra.example; where people sign in", None
    )
    session_idle_seconds: int = setting(
        whole_number(60, 86_400), "without a request, after which somebody must sign in again", 1800
    )
    session_absolute_seconds: int = setting(
        whole_number(60, 604_800), "after which somebody must sign in again in any case, and new roles count", 43_200
    )
    access_contact: str | None = setting(text, "whom people without a role are told to ask, in a few words", None)
    access_failures_per_second_per_client: float = setting(
        rate,
        "keys and tokens that may be wrong before they get 429 instead of 401; right ones always pass; 0 is no limit",
        1.0,
    )
    tls_in_front: bool = setting(
        yes_or_no,
        "clients come over TLS, which ends in front of the gateway: browsers are told to stay with it",
        default=False,
    )
    deadline_seconds: float = setting(seconds, "for one answer, from the complete photo on", 10.0)
    body_deadline_seconds: float = setting(seconds, "for receiving one photo", 30.0)
    read_timeout_seconds: float = setting(seconds, "without a byte from or to a client", 10.0)
    header_timeout_seconds: int = setting(
        whole_number(1, 3600), "for the head of a request, and for an idle connection", 15
    )
    stop_notice_seconds: float = setting(
        seconds, "after SIGTERM, for balancers to see that it is no longer ready; it answers meanwhile", 2.0
    )
    stop_timeout_seconds: int = setting(whole_number(1, 3600), "to finish answers after that", 30)
    connections: int = setting(
        whole_number(MIN_CONNECTIONS, 65535),
        "open at once, a few for probes apart; each holds at most 128 KiB that no other limit counts",
        512,
    )
    max_in_flight: int = setting(whole_number(1), "photos at work at once", 32)
    max_queue: int = setting(whole_number(0), "photos that may wait for a place", 64)
    max_queue_wait_seconds: float = setting(
        seconds, "for a place; who would wait longer, or past the deadline, is refused at once", 5.0
    )
    reserved_places: int = setting(whole_number(0, 1024), "on top of the others, for the callers that watch them", 2)
    requests_per_second_per_client: float = setting(rate, "screenings that one client may ask for; 0 is no limit", 0.0)
    burst_per_client: int = setting(
        whole_number(1), "screenings that a client which was silent may ask for at once", 20
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = setting(
        networks, "networks of the proxies whose X-Forwarded-For is believed, separated by commas", ()
    )
    max_photo_bytes: int = setting(whole_number(1024), "size of one photo", 10 * MEBIBYTE)
    max_upload_memory_bytes: int = setting(
        whole_number(MEBIBYTE),
        "held by all uploads together; photos given up while being decoded, at most one per core, come on top",
        128 * MEBIBYTE,
    )
    idempotency_window_seconds: float = setting(
        seconds, "in which a request that is repeated under the same Idempotency-Key gets the same answer", 600.0
    )
    idempotency_entries: int = setting(
        whole_number(1), "answers remembered for that at once; the oldest are forgotten early", 4096
    )
    cores: int = setting(whole_number(1, 1024), "threads that decode photos and find faces, one detector each", _CORES)
    sentinel_interval_seconds: float = setting(
        seconds, "between two looks of the sentinel at the pinned version's golden answers and files", 60.0
    )
    records_url: str | None = field(
        default=None,
        metadata={
            "read": records_address,
            "says": "database of the receipts: sqlite:////path/receipts.db, or postgresql+pg8000://; none are kept where not set",
            "mask": masked_address,
        },
    )
    records_tls: TlsDemand | None = field(
        default=None,
        metadata={
            "read": tls_demand,
            "says": "TLS to PostgreSQL, with a certificate that fits its host: require, or off; where not set, required of every host but this machine",
        },
    )
    records_ca_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "PEM file of the authorities that may sign PostgreSQL's certificate; the system's where not set",
        },
    )
    record_key_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "file with the secret of the records, a line of hexadecimal per key, the newest first; required with them, and kept as long",
        },
    )
    records_when_away: WhenAway = field(
        default=WhenAway.REFUSE,
        metadata={
            "read": when_away,
            "says": "what becomes of an answer whose receipt the database does not take: refuse it, spool the receipt to the journal, or answer without",
        },
    )
    records_journal_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "where receipts wait for the database, on a disk that outlives a restart, one file per gateway; required by spool",
        },
    )
    records_journal_bytes: int = setting(
        whole_number(65_536),
        "that the journal may hold, about 2 KB a receipt; beyond it answers are refused",
        64 * MEBIBYTE,
    )
    audit_checkpoint_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "signed checkpoints of the audit trail are added to this file, where whoever can write to the database cannot; the log has them too",
        },
    )
    replicas: int = setting(
        whole_number(1, 10_000), "gateways that share the records; with more than one they need PostgreSQL", 1
    )
    view_before_score: bool = setting(
        yes_or_no, "on the page whoever asks says which band they expect before the score is shown", default=False
    )
    languages: tuple[str, ...] = setting(
        language_tags,
        "that people are answered in, the one for everybody else first: en, de; de is not reviewed",
        ("en",),
    )
    notice_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "plain text to be confirmed for each photo of a patient; beside notice.txt a notice.de.txt is its German",
        },
    )
    notice_required: bool = setting(
        yes_or_no, "refuse a photo without the confirmation, where there is a notice", default=True
    )
    crisis_text_file: Path | None = field(
        default=None,
        metadata={
            "read": path,
            "says": "plain text of whom to call in a crisis, for every page; beside crisis.txt a crisis.de.txt is its German",
        },
    )
    prometheus_url: str | None = setting(
        service_address, "the site's Prometheus, which the operator page asks for its charts; none where not set", None
    )
    traces_url: str | None = setting(
        service_address,
        "the site's OpenTelemetry collector, told of spans over OTLP/HTTP; none are recorded where not set",
        None,
    )
    keep_receipts_days: int = setting(
        whole_number(0, 36_500),
        "that patients' receipts are kept, with their reviews and outcomes; 0 is without end. Those of other traffic are kept for a day",
        0,
    )
    keep_audit_days: int = setting(
        whole_number(0, 36_500), "that audit events are kept, no shorter than receipts; 0 is without end", 0
    )
    site_prevalence_percent: float | None = setting(
        percentage, "of the people photographed here who are depressed; without it an answer shows a table", None
    )
    log_level: str = setting(a_log_level, "least severe log line to write", "info")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check all settings.

        Raises:
            SettingsInvalid: with one line per mistake, every mistake at once.
        """
        values: dict[str, Any] = {}
        mistakes: list[str] = []
        for found in dataclasses.fields(cls):
            name = name_of(found.name)
            if name in environment:
                try:
                    values[found.name] = found.metadata["read"](environment[name])
                except ValueError as error:
                    shown = "not shown" if "mask" in found.metadata else repr(environment[name])
                    mistakes.append(f"{name} is {shown}: {error}")
            elif found.default is dataclasses.MISSING:
                mistakes.append(f"{name} is missing: {found.metadata['says']}")
        mistakes += _near_misses(environment, [name_of(found.name) for found in dataclasses.fields(cls)])
        if not mistakes:
            settings = cls(**values)
            mistakes = settings._contradictions()
        if mistakes:
            raise SettingsInvalid("\n".join(mistakes))
        return settings

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the gateway."""
        return is_loopback(self.host)

    def _contradictions(self) -> list[str]:
        mistakes = []
        if (self.host, self.port) == (self.metrics_host, self.metrics_port):
            mistakes.append(f"{name_of('port')} and {name_of('metrics_port')} are both {self.port}")
        if self.max_upload_memory_bytes < 2 * self.max_photo_bytes:
            mistakes.append(
                f"{name_of('max_upload_memory_bytes')} is {self.max_upload_memory_bytes}: it must hold at least two photos of "
                f"{name_of('max_photo_bytes')}, {self.max_photo_bytes}"
            )
        if self.max_in_flight < self.cores:
            mistakes.append(
                f"{name_of('max_in_flight')} is {self.max_in_flight}: fewer than {name_of('cores')}, {self.cores}"
            )
        if self.allow_demo_model and self.intended_use is IntendedUse.CLINICAL_DECISION_SUPPORT_TRIAGE:
            mistakes.append(
                f"{name_of('allow_demo_model')} and {name_of('intended_use')}={self.intended_use}: a demonstration says nothing "
                "about any person, so no triage can rest on it"
            )
        mistakes += sign_in_contradictions(self)
        mistakes += record_contradictions(self)
        return mistakes


def name_of(field_name: str) -> str:
    """The environment variable of a field of `Settings`."""
    return PREFIX + field_name.upper()


def is_loopback(host: str) -> bool:
    """Whether an address or name to listen on is this machine only.

    >>> [is_loopback(host) for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost", "0.0.0.0", "::", "hospital.example")]
    [True, True, True, True, False, False, False]
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _near_misses(environment: Mapping[str, str], known: list[str]) -> list[str]:
    return [
        f"{name} is not a setting; {matches[0]} was meant?"
        for name in sorted(environment)
        if name.startswith(PREFIX)
        and name not in known
        and (matches := difflib.get_close_matches(name, known, n=1, cutoff=TYPO_SIMILARITY))
    ]
