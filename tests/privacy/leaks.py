"""Leaks to plant into a gateway, so that the proof can be seen to find them. None of this is in the product.

`SYMMETRA_PROOF_LEAK=name,name` in the environment of `tests.privacy.crashing_gateway` plants them.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import io
import logging
import mmap
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlencode

import flask
from PIL import Image
from prometheus_client import CollectorRegistry, Counter

from tests.support import watched_gateway

VARIABLE: Final = "SYMMETRA_PROOF_LEAK"
SHARED_MEMORY: Final = Path("/dev/shm")

DEAR: Final = ("core_file_of_a_gateway_that_died",)
"""Takes long to find: a core file holds all of a process's memory."""
LEAKS: dict[str, tuple[Callable[[], None], tuple[str, str, str]]] = {}
"""Name -> what plants it, and what the proof must say: kind, a part of where, a part of what."""


def plant(names: str) -> None:
    """Plant these leaks, named with commas between them."""
    for name in filter(None, names.split(",")):
        LEAKS[name][0]()


def _leak(kind: str, where: str, what: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        LEAKS[function.__name__] = function, (kind, where, what)
        return function

    return register


@_leak("log", "log of", "file_name")
def file_name_in_a_log_line() -> None:
    class Talkative(_in("gateway.uploads").FormDataParser):  # type: ignore[misc]
        def parse(self, *arguments: Any, **others: Any) -> Any:
            parsed = super().parse(*arguments, **others)
            for part in parsed[2].values():
                logging.getLogger("symmetra").warning(f"received {part.filename}")  # noqa: G004 - that is the leak
            return parsed

    _in("gateway.uploads").FormDataParser = Talkative


@_leak("log", "log of", "exif_artist")
def error_with_exif_in_the_log() -> None:
    _in("gateway.logs")._chain = lambda error: [repr(error)]


@_leak("system calls", "wrote", "file of 'jpeg'")
def upload_spooled_to_a_file_that_is_deleted_at_once() -> None:
    class Spooling(_in("gateway.uploads").FormDataParser):  # type: ignore[misc]
        def __init__(self, *_: Any, **others: Any) -> None:
            super().__init__(**(others | {"stream_factory": lambda *_, **__: _Spool()}))

    _in("gateway.uploads").FormDataParser = Spooling


class _Spool(io.BytesIO):
    """Memory, with a file beside it that has no name."""

    def __init__(self) -> None:
        super().__init__()
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it ends with this

    def write(self, content: Any) -> int:
        self._file.write(bytes(content))
        return super().write(content)


@_leak("metrics", "metrics of", "subject")
def subject_as_a_metric_s_label() -> None:
    counters: list[Counter] = []

    class Registry(CollectorRegistry):
        def __init__(self, *arguments: Any, **others: Any) -> None:
            super().__init__(*arguments, **others)
            counters.append(Counter("symmetra_leak", "Leaks.", ("subject",), registry=self))

    _in("gateway.wsgi").CollectorRegistry = Registry
    digests = _in("gateway.subjects").SubjectDigests
    of = digests.of

    def telling(self: Any, subject: str) -> Any:
        counters[0].labels(subject).inc()
        return of(self, subject)

    digests.of = telling


@_leak("database", "receipts.db", "subject")
def pseudonym_in_clear_in_a_receipt() -> None:
    digests = _in("gateway.subjects").SubjectDigests
    of = digests.of

    def telling(self: Any, subject: str) -> Any:
        of(self, subject)
        return subject

    digests.of = telling


@_leak("trace", "metadata", "exif_artist")
def exif_as_a_trace_s_attribute() -> None:
    tracing, calls = _in("gateway.tracing"), _in("gateway.upstream.calls")

    def talkative() -> tuple[tuple[str, str], ...]:
        return (*tracing.outgoing_metadata(), ("photo-artist", _current_artist[-1]))

    _around_answers(lambda photo: _current_artist.append(_artist_of(photo)))
    calls.outgoing_metadata = talkative


_current_artist: list[str] = [""]


@_leak("core", "core", "file of 'jpeg'")
def core_file_of_a_gateway_that_died() -> None:
    watched_gateway.forbid_core_files = lambda: None


@_leak("temporary", "/dev/shm/symmetra-crop", "crop of 'jpeg'")
def pixels_in_shared_memory() -> None:
    def keep(crop: bytes) -> None:
        (SHARED_MEMORY / f"symmetra-crop-{secrets.token_hex(4)}").write_bytes(crop)

    _around_crops(keep)


@_leak("temporary", "kept-", "packed")
def packed_photo_in_tmpdir() -> None:
    def keep(photo: bytes) -> None:
        Path(tempfile.gettempdir(), f"kept-{secrets.token_hex(4)}.gz").write_bytes(gzip.compress(photo))

    _around_answers(keep)


@_leak("system calls", "memfd:photo", "file of 'jpeg'")
def photo_in_a_memfd() -> None:
    _around_answers(lambda photo: os.write(os.memfd_create("photo"), photo))


@_leak("system calls", "mapped-", "a file that nothing may write")
def photo_in_a_mapped_file() -> None:
    def keep(photo: bytes) -> None:
        with tempfile.NamedTemporaryFile(prefix="mapped-") as file:
            file.truncate(len(photo))
            mmap.mmap(file.fileno(), len(photo))[:] = photo

    _around_answers(keep)


@_leak("log", "log of", "file of 'jpeg'")
def photo_as_base64_in_the_log() -> None:
    _around_answers(lambda photo: logging.getLogger("symmetra").warning(base64.b64encode(photo).decode()))


@_leak("log", "log of", "user_agent")
def headers_on_standard_output() -> None:
    _around_answers(lambda _: sys.stdout.write(f"{flask.request.headers}\n") and sys.stdout.flush())


@_leak("log", "log of", "idempotency_key")
def request_as_utf_16_on_standard_error() -> None:
    _around_answers(lambda _: sys.stderr.buffer.write(str(flask.request.headers).encode("utf-16")))


@_leak("response", "POST", "query_value")
def query_in_an_answer_s_header() -> None:
    headers = _in("gateway.observing")
    begin = headers.begin_trace

    def telling(*arguments: Any, **others: Any) -> Any:
        @flask.after_this_request
        def tell(response: flask.Response) -> flask.Response:
            response.headers["X-Asked"] = flask.request.query_string.decode()
            return response

        return begin(*arguments, **others)

    headers.begin_trace = telling


@_leak("temporary", "picture-", "a whole picture")
def crop_as_a_png_in_tmpdir() -> None:
    def keep(crop: bytes) -> None:
        path = Path(tempfile.gettempdir(), f"picture-{secrets.token_hex(4)}.png")
        Image.frombytes("RGB", (128, 128), crop).save(path)

    _around_crops(keep)


@_leak("log", "log of", "file of 'crop of jpeg'")
def body_of_the_review_form_in_the_log() -> None:
    page = _in("gateway.reviews.page")
    form_fields = page.form_fields

    def telling(*arguments: Any, **others: Any) -> Any:
        fields = form_fields(*arguments, **others)
        logging.getLogger("symmetra").warning(urlencode(fields))
        return fields

    page.form_fields = telling


def _in(module: str) -> Any:
    return importlib.import_module(module)


def _around_answers(keep: Callable[[bytes], object]) -> None:
    screener = _in("gateway.screening").Screener
    answer = screener._answer

    def telling(self: Any, request_id: str, photo: bytes, *arguments: Any, **others: Any) -> Any:
        keep(photo)
        return answer(self, request_id, photo, *arguments, **others)

    screener._answer = telling


def _around_crops(keep: Callable[[bytes], object]) -> None:
    wsgi = _in("gateway.wsgi")
    make_crop = wsgi.make_crop

    def telling(*arguments: Any, **others: Any) -> Any:
        prepared = make_crop(*arguments, **others)
        keep(prepared.crop.tobytes())
        return prepared

    wsgi.make_crop = telling


def _artist_of(photo: bytes) -> str:
    with Image.open(io.BytesIO(photo)) as opened:
        return str(opened.getexif().get(0x013B, ""))
