"""The checks of `python -m gateway check`: each tests one thing that the gateway depends on and says what to do about it."""

from __future__ import annotations

import enum
import http.client
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gateway.access.requirements import missing_for_access
from gateway.access.secret_keys import SecretKeysInvalid
from gateway.commands.dependencies import Dependencies
from gateway.crisis import CrisisTexts
from gateway.errors import ModelNotServable, PredictorError, RecordsNotReady, SettingsInvalid, StartRefused
from gateway.meaning_view import counts_for
from gateway.pin import PinReader
from gateway.records.address import masked_address
from gateway.records.database_tls import CaFileInvalid, DatabaseTls
from gateway.records.record_keys import record_keys_of
from gateway.records.single_gateway import DatabaseTaken, SingleGateway
from gateway.settings import Settings, name_of
from gateway.start import is_free
from gateway.stop.finding import LookResult
from gateway.stop.pause_change import PauseAction, PauseRecordUnreadable
from gateway.stop.stop_switch import StopSwitch
from gateway.upstream.tls_files import require_tls_files
from serving.contract.detector_weights import FULL_RANGE, SHORT_RANGE, weights_path
from serving.contract.errors import DetectorWeightsMissing
from serving.repository import ModelRepository, RepositoryError

ASK_SECONDS: Final = 3.0


class State(enum.StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"
    """Nothing is wrong with the installation, and somebody should know all the same."""
    FAILED = "failed"
    NOT_TESTED = "not tested"
    """What it needs has failed already."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found.

    Attributes:
        name: Of what was tested.
        state: How it ended.
        says: What was found.
        to_do: What to do about it; "" where there is nothing to do.
    """

    name: str
    state: State
    says: str
    to_do: str = ""


def check_everything(settings: Settings) -> Iterator[Result]:
    """Test every dependency, one after the other."""
    for check in (
        check_repository,
        check_pin,
        check_band_meaning,
        check_crisis_text,
        check_pause,
        check_detector,
        check_access,
        check_issuer,
        check_records,
    ):
        yield check(settings)
    for name, host, port in (
        ("port", settings.host, settings.port),
        ("metrics port", settings.metrics_host, settings.metrics_port),
    ):
        yield check_port(name, host, port)
    yield from check_model_server(settings)


def check_repository(settings: Settings) -> Result:
    """Is the folder of the model there?"""
    name = "model repository"
    remedy = f"publish a version there, or set {name_of('model_repository')} and {name_of('model_name')}"
    try:
        repository = ModelRepository(settings.model_repository, settings.model_name)
        count = len(repository.versions())
    except (RepositoryError, OSError) as error:
        return Result(name, State.FAILED, f"{settings.model_repository} cannot be used: {error}", remedy)
    if not repository.directory.is_dir():
        return Result(name, State.FAILED, f"there is no {repository.directory}", remedy)
    return Result(name, State.OK, f"{repository.directory}, {count} version{'' if count == 1 else 's'}")


def check_pin(settings: Settings) -> Result:
    """Does the pin name a version that this gateway may ask?"""
    try:
        repository = ModelRepository(settings.model_repository, settings.model_name)
        allow_demo = settings.is_loopback or settings.allow_demo_model
        model = PinReader(repository, allow_demo=allow_demo, on_change=lambda _: None).current()
    except (ModelNotServable, RepositoryError) as error:
        to_do = "make a version live: python -m serving.repository promote N"
        cause = f": {error.__cause__}" if error.__cause__ else ""
        return Result("pinned version", State.FAILED, f"{error}{cause}", to_do)
    evidence = model.contract.evidence.value
    says = f"{model.name} version {model.version}, evidence {evidence}, digest {model.digest}"
    return Result("pinned version", State.OK, says)


def check_band_meaning(settings: Settings) -> Result:
    """Can the page say how often a band is wrong, and for this site?"""
    name = "meaning of bands"
    try:
        repository = ModelRepository(settings.model_repository, settings.model_name)
        model = PinReader(repository, allow_demo=True, on_change=lambda _: None).current()
    except (ModelNotServable, RepositoryError):
        return Result(name, State.NOT_TESTED, "no version is pinned that could say it")
    if counts_for(model) is None:
        to_do = "export the version again, or use the thresholds that it was counted under"
        return Result(name, State.NOTE, "nobody counted how often a band is wrong, and the page says so", to_do)
    if settings.site_prevalence_percent is None:
        to_do = f"set {name_of('site_prevalence_percent')} where it is known"
        return Result(name, State.NOTE, "the page shows a table, because the site's prevalence is not set", to_do)
    return Result(name, State.OK, f"counted, and told for {settings.site_prevalence_percent:g} % depressed")


def check_crisis_text(settings: Settings) -> Result:
    """Does every page say whom to call here?"""
    name = "crisis text"
    try:
        CrisisTexts.read(settings.crisis_text_file, settings.languages)
    except SettingsInvalid as error:
        return Result(name, State.FAILED, str(error), f"set {name_of('crisis_text_file')} to a text of yours")
    if settings.crisis_text_file is None:
        to_do = f"set {name_of('crisis_text_file')} to a text with the numbers to call here"
        return Result(name, State.NOTE, "pages name no number, only the local emergency number", to_do)
    return Result(name, State.OK, f"{settings.crisis_text_file} is on every page")


def check_pause(settings: Settings) -> Result:
    """Is screening paused?"""
    resume = "python -m gateway resume, once you know why"
    try:
        change = StopSwitch(ModelRepository(settings.model_repository, settings.model_name).directory).state()
    except (PauseRecordUnreadable, RepositoryError, OSError) as error:
        return Result(
            "stop switch", State.FAILED, f"the record cannot be read, so screening is paused: {error}", resume
        )
    if change is None or change.action is PauseAction.RESUME:
        return Result("stop switch", State.OK, "not paused")
    says = f"paused since {change.at} by {change.by} ({change.reason}): {change.why}"
    return Result("stop switch", State.NOTE, says, resume)


def check_detector(_settings: Settings) -> Result:
    """Are the face detector's weights there?"""
    try:
        for model in (SHORT_RANGE, FULL_RANGE):
            weights_path(model)
    except DetectorWeightsMissing as error:
        return Result("face detector", State.FAILED, "its weights are not there", str(error))
    return Result("face detector", State.OK, "its weights are there, as published")


def check_access(settings: Settings) -> Result:
    """Is everything there that says who may ask?"""
    missing = missing_for_access(settings)
    if missing:
        return Result("access", State.FAILED, "; ".join(missing), "gateway/ACCESS.md says how")
    if settings.api_keys_file is None and settings.oidc_issuer is None:
        return Result("access", State.NOTE, f"anybody on this machine may ask; {settings.host} is loopback")
    ways = [name_of("api_keys_file")] if settings.api_keys_file is not None else []
    ways += [name_of("oidc_issuer")] if settings.oidc_issuer is not None else []
    return Result("access", State.OK, f"by {' and '.join(ways)}")


def check_issuer(settings: Settings) -> Result:
    """Does the identity provider hand out its keys, and sign people in where the settings want that?"""
    if settings.oidc_issuer is None:
        return Result("identity provider", State.OK, "none is set")
    from gateway.access.issuer import Issuer  # noqa: PLC0415 - joserfc and cryptography
    from gateway.access.provider_http import IssuerAway  # noqa: PLC0415 - as above

    try:
        issuer = Issuer(settings.oidc_issuer, settings.oidc_ca_file)
        configuration, keys = issuer.read_configuration(), issuer.read_keys()
    except (IssuerAway, OSError) as error:
        to_do = f"see that {settings.oidc_issuer} can be reached from here, and that {name_of('oidc_ca_file')} fits"
        return Result("identity provider", State.FAILED, str(error), to_do)
    says = f"{settings.oidc_issuer} has {len(keys)} keys"
    if settings.oidc_client_id is None:
        return Result("identity provider", State.OK, f"{says}; people do not sign in")
    if configuration.authorization_endpoint is None or configuration.token_endpoint is None:
        to_do = f"use a provider with the authorization code flow, or leave {name_of('oidc_client_id')} out"
        return Result("identity provider", State.FAILED, f"{says}, and no endpoints where people sign in", to_do)
    return Result(
        "identity provider", State.OK, f"{says}; people sign in there, and come back to {settings.public_url}"
    )


def check_records(settings: Settings) -> Result:
    """Has the database of the receipts the tables of this release?"""
    if settings.records_url is None:
        return Result("records", State.OK, f"none are kept; {name_of('records_url')} is not set")
    from gateway.records.readiness import DatabaseAway, flushes, require_known_key, require_tables  # noqa: PLC0415 - SQLAlchemy

    place, tls = masked_address(settings.records_url), DatabaseTls.of(settings)
    try:
        step = require_tables(settings.records_url, tls)
        with suppress(OSError, SecretKeysInvalid):  # `check_access` names a file that cannot be used
            require_known_key(settings.records_url, record_keys_of(settings), tls)
    except (RecordsNotReady, CaFileInvalid) as error:
        return Result("records", State.FAILED, str(error), "do what it names")
    except DatabaseAway as error:
        return Result("records", State.FAILED, str(error), f"start the database, or set {name_of('records_url')}")
    if not flushes(settings.records_url, tls):
        says = f"{place} is set not to wait for its disk (fsync), so a loss of power loses answers that were given"
        return Result("records", State.FAILED, says, "set fsync=on in its configuration")
    try:
        SingleGateway(settings.records_url).close()
    except DatabaseTaken:
        return Result(
            "records", State.NOTE, f"{place} has the tables of this release ({step}), and a gateway that runs"
        )
    return Result("records", State.OK, f"{place} has the tables of this release ({step})")


def check_port(name: str, host: str, port: int) -> Result:
    """Is a port free, or is it this very gateway that listens?"""
    try:
        if is_free(host, port):
            return Result(name, State.OK, f"{host}:{port} is free")
    except (OSError, UnicodeError):
        return Result(name, State.FAILED, f"{host} is no address of this machine", f"set {name_of(_host_of(name))}")
    if name == "port" and _answers_as_gateway(host, port):
        return Result(name, State.OK, f"a gateway answers on {host}:{port}")
    if name != "port" and _answers_as_metrics(host, port):
        return Result(name, State.OK, f"a gateway's metrics are on {host}:{port}")
    to_do = f"end what listens there, or set {name_of(name.replace(' ', '_'))}"
    return Result(name, State.FAILED, f"{host}:{port} is taken by something else", to_do)


def check_model_server(settings: Settings) -> Iterator[Result]:
    """Is it there, with the pinned version, and are its golden answers right?"""
    try:
        require_tls_files(settings)
        with Dependencies.of(settings) as dependencies:
            available = _check_available(settings, dependencies)
            yield available
            if available.state is State.OK:
                yield _check_golden(dependencies)
            else:
                yield Result("golden answers", State.NOT_TESTED, "nobody answers")
    except (StartRefused, RepositoryError) as error:
        yield Result("model server", State.FAILED, str(error), "set what it names")
        yield Result("golden answers", State.NOT_TESTED, "nobody answers")


def _check_available(settings: Settings, dependencies: Dependencies) -> Result:
    try:
        model = dependencies.pinned()
    except ModelNotServable:
        return Result("model server", State.NOT_TESTED, "no version is pinned that could be asked for")
    try:
        dependencies.require_available(model)
    except PredictorError as error:
        to_do = (
            f"start it, or set {name_of('model_server')}; its log says why it does not serve version {model.version}"
        )
        return Result("model server", State.FAILED, f"{settings.model_server}: {error}", to_do)
    return Result("model server", State.OK, f"{settings.model_server} serves version {model.version}")


def _check_golden(dependencies: Dependencies) -> Result:
    finding = dependencies.look_closely()
    if finding.result is LookResult.RIGHT:
        return Result("golden answers", State.OK, finding.says)
    if finding.result is LookResult.OFF:
        to_do = "let the gateway read the version directories, so that its sentinel can watch"
        return Result("golden answers", State.NOTE, f"nothing to compare with: {finding.says}", to_do)
    to_do = "do not let it answer anybody: python -m gateway pause --reason ...; then promote or roll back"
    return Result("golden answers", State.FAILED, f"{finding.result}: {finding.says}", to_do)


def _answers_as_gateway(host: str, port: int) -> bool:
    with suppress(OSError, ValueError, http.client.HTTPException, AttributeError):
        return bool(json.loads(_get(host, port, "/healthz")).get("status") == "alive")
    return False


def _answers_as_metrics(host: str, port: int) -> bool:
    with suppress(OSError, ValueError, http.client.HTTPException):
        return b"symmetra_build_info" in _get(host, port, "/metrics")
    return False


def _get(host: str, port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def _host_of(name: str) -> str:
    return "host" if name == "port" else "metrics_host"
