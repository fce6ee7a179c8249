"""What must hold before the gateway starts; each refusal is a sentence with what to do."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress

from gateway.access.requirements import missing_for_access
from gateway.access.secret_keys import SecretKeysInvalid
from gateway.crisis import CrisisTexts
from gateway.errors import (
    AccessNotSetUp,
    DemoModelNotAllowed,
    DemoModelRefused,
    DetectorNotInstalled,
    HostUnknown,
    ModelNotServable,
    PortTaken,
    RecordsNotReady,
    SettingsInvalid,
    SeveralReasons,
    StartRefused,
)
from gateway.pin import PinReader
from gateway.records.away.when_away import WhenAway
from gateway.records.database_tls import CaFileInvalid, DatabaseTls
from gateway.records.record_keys import record_keys_of
from gateway.records.single_gateway import DatabaseTaken, SingleGateway
from gateway.settings import Settings, name_of
from gateway.upstream.tls_files import require_tls_files
from serving.contract.detector_weights import FULL_RANGE, SHORT_RANGE, weights_path
from serving.contract.errors import DetectorWeightsMissing
from serving.repository import ModelRepository
from serving.repository.errors import ModelNameInvalid


def require_startable(settings: Settings) -> None:
    """Check what can only fail for everyone, and so should fail now; every reason is named at once.

    A missing model is no such thing: the page and the API say so, and the gateway serves it as soon as it is there.

    Raises:
        SettingsInvalid: the model's name cannot name a model, its repository's folder is not there, or a file for TLS or with the crisis text cannot be used.
        DetectorNotInstalled: the face detector's weights are not there, or are others.
        HostUnknown: an address to listen on is not this machine's.
        PortTaken: something listens on the port of the API or of the metrics.
        AccessNotSetUp: others than this machine could reach it, and keys, the intended use or the shared secret are missing; or
            a file with keys cannot be used.
        DemoModelNotAllowed: the pinned version is a demo, and others than this machine could reach it.
        SeveralReasons: more than one of these.
    """
    reasons: list[StartRefused] = []
    for check in (
        _require_model_name,
        _require_repository,
        require_tls_files,
        _require_detector,
        _require_addresses,
        _require_access,
        _require_no_demo,
        _require_records,
        _require_crisis_text,
    ):
        try:
            check(settings)
        except StartRefused as reason:
            reasons.append(reason)
    if len(reasons) == 1:
        raise reasons[0]
    if reasons:
        raise SeveralReasons("\n".join(str(reason) for reason in reasons))


def _require_model_name(settings: Settings) -> None:
    try:
        ModelRepository(settings.model_repository, settings.model_name)
    except ModelNameInvalid as error:
        message = f"{name_of('model_name')}: {error}"
        raise SettingsInvalid(message) from error


def _require_repository(settings: Settings) -> None:
    """The folder; what is in it may come later, and until then every gateway says that it has no model."""
    if not settings.model_repository.is_dir():
        message = f"{name_of('model_repository')}: there is no folder {settings.model_repository}; give the one that `serving.repository` writes to"
        raise SettingsInvalid(message)


def _require_crisis_text(settings: Settings) -> None:
    CrisisTexts.read(settings.crisis_text_file, settings.languages)


def _require_detector(_settings: Settings) -> None:
    try:
        for model in (SHORT_RANGE, FULL_RANGE):
            weights_path(model)
    except DetectorWeightsMissing as error:
        raise DetectorNotInstalled(str(error)) from error


def _require_addresses(settings: Settings) -> None:
    for field, host_field in (("port", "host"), ("metrics_port", "metrics_host")):
        host: str = getattr(settings, host_field)
        port: int = getattr(settings, field)
        try:
            free = is_free(host, port)
        # Both are what Python says of names that no resolver knows; the second of names that cannot be any.
        except (socket.gaierror, UnicodeError) as error:
            message = f"{name_of(host_field)} is {host!r}, which is no address of this machine; 127.0.0.1 is this machine only"
            raise HostUnknown(message) from error
        if not free:
            message = f"port {port} on {host} is in use or may not be used; choose another with {name_of(field)}=PORT"
            raise PortTaken(message)


def _require_access(settings: Settings) -> None:
    missing = missing_for_access(settings)
    if not missing:
        return
    if not settings.is_loopback:
        missing.insert(0, f"{name_of('host')} is {settings.host}, so others than this machine could use the gateway:")
    raise AccessNotSetUp("\n".join(missing))


def _require_no_demo(settings: Settings) -> None:
    allow_demo = settings.is_loopback or settings.allow_demo_model
    try:
        repository = ModelRepository(settings.model_repository, settings.model_name)
        PinReader(repository, allow_demo=allow_demo, on_change=lambda _: None).current()
    except DemoModelRefused as error:
        message = (
            f"The pinned version of {settings.model_name} is a demonstration: it was trained on drawn faces and says nothing "
            f"about any person. {name_of('host')} is {settings.host}, so others than this machine could use it. Keep to "
            f"127.0.0.1, pin another version, or set {name_of('allow_demo_model')}=yes if you insist."
        )
        raise DemoModelNotAllowed(message) from error
    except (ModelNotServable, ModelNameInvalid):
        return  # the first is no reason, the second was named already


def _require_records(settings: Settings) -> None:
    """A database that is away is no reason: it may come back, and until then answers say so.

    One without TLS that is trusted is a reason where nothing is answered without it: a rollout with a wrong setting stops then, instead of
    taking every gateway that works.
    """
    if settings.records_url is None:
        return
    from gateway.records.away.journal import Journal, JournalDamaged, JournalTaken  # noqa: PLC0415 - only where records are on
    from gateway.records.readiness import DatabaseAway, DatabaseNotTrusted, require_known_key, require_tables  # noqa: PLC0415 - SQLAlchemy

    tls = DatabaseTls.of(settings)
    try:
        tls.require_ca_file()
    except CaFileInvalid as error:
        raise SettingsInvalid(str(error)) from error
    try:
        with suppress(OSError, SecretKeysInvalid):  # a file of keys that cannot be used is named elsewhere
            require_tables(settings.records_url, tls)
            require_known_key(settings.records_url, record_keys_of(settings), tls)
    except DatabaseAway as error:
        if isinstance(error, DatabaseNotTrusted) and settings.records_when_away is WhenAway.REFUSE:
            raise RecordsNotReady(str(error)) from None
    try:
        # The process that will serve takes both for good; here they are looked at, so that a refusal is one sentence.
        SingleGateway(settings.records_url).close()
        if settings.records_journal_file is not None:
            Journal(settings.records_journal_file, settings.records_journal_bytes).close()
    except (DatabaseTaken, JournalTaken, JournalDamaged) as error:
        raise RecordsNotReady(str(error)) from error
    except OSError as error:
        message = f"{error.filename or settings.records_journal_file} cannot be used: {error.strerror}"
        raise RecordsNotReady(message) from error


def is_free(host: str, port: int) -> bool:
    """Whether a port can be listened on.

    Raises:
        OSError: the address is none of this machine's, nor a name of one.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                return False
            raise
    return True
