"""`python -m gateway replay RECEIPT PHOTO`: calculate an old answer again, by the version that gave it, and say how far it is off.

Settings say where the records, their secret, the model repository and the model server are. The photo is read and kept nowhere.
Exit code 0: the same within what two machines may differ; 1: another answer, or none.
"""

from __future__ import annotations

import argparse
import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gateway.commands.database import find_tls
from gateway.commands.records.order import Call, OrderFailed, chain_of, records_of
from gateway.errors import PredictorError, SettingsInvalid
from gateway.settings import Settings, name_of
from serving.contract.errors import ContractError

if TYPE_CHECKING:
    from gateway.records.receipt import Receipt
    from gateway.records.replay import Replay


def run(arguments: Sequence[str], environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Calculate it, and print both."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("receipt", type=_id, metavar="RECEIPT", help="id of the answer")
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="file with the bytes that were sent then")
    parser.add_argument(
        "--server", metavar="ADDRESS", help=f"model server that serves the version (default: {name_of('model_server')})"
    )
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment(environment)
    except SettingsInvalid as error:
        parser.error(str(error))
    if settings.records_url is None:
        parser.error(f"{name_of('records_url')} is not set: there are no receipts")
    call = Call(parser, options, environment, settings.records_url, find_tls(parser, environment), out, err)
    try:
        photo = options.photo.read_bytes()
    except OSError as error:
        return call.fail(f"The photo cannot be read: {error.strerror}")
    try:
        return _run(call, settings, photo)
    except OrderFailed as failure:
        return call.fail(f"NOT calculated again: {failure}")


def _run(call: Call, settings: Settings, photo: bytes) -> int:
    from gateway.records.audit.event import TERMINAL, AuditEvent, AuditKind  # noqa: PLC0415 - SQLAlchemy, only when asked for
    from gateway.records.record_keys import record_keys_of  # noqa: PLC0415 - the same
    from gateway.records.replay import ReplayImpossible  # noqa: PLC0415 - the same
    from gateway.records.store import ReceiptStore  # noqa: PLC0415 - the same

    with records_of(call) as engine:
        receipt = ReceiptStore(engine).find(call.options.receipt)
        if receipt is None:
            return call.fail("There is no answer with this id")
        try:
            result = _replay(receipt, photo, settings, call.options.server or settings.model_server)
        except ReplayImpossible as error:
            return call.fail(f"NOT calculated again: {error}")
        except ContractError as error:
            return call.fail(f"NOT calculated again: {error.code}: {error}")
        except PredictorError as error:
            return call.fail(f"NOT calculated again: the model server gave no answer: {error}")
        details = {"same": int(result.is_same), "model_version": receipt.model_version}
        with engine.begin() as connection:
            event = AuditEvent(AuditKind.REPLAY, TERMINAL, receipt.id, details)
            chain_of(record_keys_of(settings)).append(connection, [event])
    call.out.write(_told(receipt, result))
    return 0 if result.is_same else 1


def _replay(receipt: Receipt, photo: bytes, settings: Settings, server: str) -> Replay:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - only when asked for

    from gateway.observing import gateway_metrics  # noqa: PLC0415 - the same
    from gateway.records.record_keys import record_keys_of  # noqa: PLC0415 - the same
    from gateway.records.replay import replay  # noqa: PLC0415 - the same
    from gateway.upstream.assembly import connect  # noqa: PLC0415 - imports gRPC
    from serving.contract.crop import make_crop  # noqa: PLC0415 - loads the detector
    from serving.contract.face import FaceDetector  # noqa: PLC0415 - the same
    from serving.contract.photo import PhotoLimits  # noqa: PLC0415 - the same
    from serving.repository import ModelRepository  # noqa: PLC0415 - the same

    repository = ModelRepository(settings.model_repository, receipt.model_name)
    asked = dataclasses.replace(settings, model_server=server, shadow_version=0)
    predictor, _ = connect(asked, repository, gateway_metrics(CollectorRegistry()))
    limits = PhotoLimits(max_photo_bytes=settings.max_photo_bytes)
    try:
        return replay(
            receipt,
            photo,
            keys=record_keys_of(settings),
            repository=repository,
            make_crop=lambda content, spec: make_crop(content, spec, FaceDetector(), limits),
            predictor=predictor,
        )
    finally:
        predictor.close()


def _told(receipt: Receipt, result: Replay) -> str:
    said = "the same" if result.is_same else "DIFFERENT"
    return (
        f"version {receipt.model_version} answered {receipt.answered_at}: p_no_depression {result.then_p:.6f}, "
        f"severity {result.then_ppm} ppm\n"
        f"the same version answers now: p_no_depression {result.now_p:.6f}, severity {result.now_ppm} ppm\n"
        f"{said}: {result.difference:.2e} apart, and two machines may be {result.tolerance:.0e}\n"
    )


def _id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        message = f"{text!r} is no id of an answer"
        raise argparse.ArgumentTypeError(message) from None
