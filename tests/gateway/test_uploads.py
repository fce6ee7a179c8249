import io
import tempfile

import gevent
import pytest
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from werkzeug.test import EnvironBuilder

from gateway.admission.upload_memory import UploadMemory
from gateway.body import READ_BYTES
from gateway.errors import (
    PhotoMissing,
    TooManyParts,
    UploadInterrupted,
    UploadMalformed,
    UploadMemoryFull,
    UploadTimedOut,
    UploadTypeUnsupported,
)
from gateway.uploads import MAX_PARTS, InMemoryRequest, UploadReader
from serving.contract.errors import PhotoTooLarge
from tests.support.gateway import multipart

MAX_BYTES = 1_000_000
PHOTO = bytes(range(256)) * 3000  # 768,000 bytes with every byte value, line ends included


class Source(io.RawIOBase):
    """A server's stream that gives pieces, and fails or stalls where it is told to."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.asked_for = []

    def read(self, size=-1):
        self.asked_for.append(size)
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece() if callable(piece) else piece


@pytest.fixture
def held():
    return [0]


@pytest.fixture
def reader(held):
    memory = UploadMemory(2 * MAX_BYTES, held.append)
    return UploadReader(max_photo_bytes=MAX_BYTES, body_deadline_seconds=0.2, memory=memory)


def read(reader, body, content_type="image/jpeg", *, announced=None, encoding=None):
    """What the reader makes of a request; bytes come with their length, a `Source` with what is announced."""
    environ = EnvironBuilder(method="POST").get_environ()
    environ["wsgi.input"] = io.BytesIO(body) if isinstance(body, bytes) else body
    environ["wsgi.input_terminated"] = True
    length = len(body) if isinstance(body, bytes) else announced
    values = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": length, "HTTP_CONTENT_ENCODING": encoding}
    environ.update({name: str(value) for name, value in values.items() if value is not None})
    with reader.upload_of(InMemoryRequest(environ)) as upload:
        return upload.photo


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "image/png", "image/whatever", "application/octet-stream", None]
)
def test_a_raw_body_is_the_photo_whatever_it_claims_to_be(reader, content_type):
    assert read(reader, PHOTO, content_type) == PHOTO


def test_a_form_gives_its_photo_from_among_small_fields(reader):
    body, content_type = multipart(("note", None, b"x"), ("photo", "face.jpg", PHOTO))
    assert read(reader, body, content_type) == PHOTO


def test_a_chunked_body_of_unknown_length_is_read_to_its_end(reader):
    assert read(reader, Source(b"ab", b"c")) == b"abc"


def test_nothing_is_ever_asked_for_in_one_piece_larger_than_a_read(reader):
    source = Source(b"ab")
    read(reader, source)
    assert set(source.asked_for) == {READ_BYTES}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "application/x-www-form-urlencoded", "video/mp4"]
)
def test_other_types_are_refused(reader, content_type):
    with pytest.raises(UploadTypeUnsupported):
        read(reader, PHOTO, content_type)


def test_a_compressed_body_is_refused(reader):
    with pytest.raises(UploadTypeUnsupported):
        read(reader, PHOTO, encoding="gzip")


def test_a_body_that_announces_too_much_is_refused_unread(reader):
    source = Source(b"x")
    with pytest.raises(PhotoTooLarge):
        read(reader, source, announced=MAX_BYTES + 1)
    assert source.asked_for == []


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_is_the_photos_own_size_raw_and_in_a_form(reader, over):
    photo = bytes(MAX_BYTES + over)
    form, content_type = multipart(("photo", "p", photo))
    for body, kind in ((photo, "image/png"), (form, content_type)):
        if over:
            with pytest.raises(PhotoTooLarge):
                read(reader, body, kind)
        else:
            assert len(read(reader, body, kind)) == MAX_BYTES


def test_an_endless_body_is_refused_at_the_limit(reader, held):
    endless = Source(*[bytes(READ_BYTES)] * 1000)
    with pytest.raises(PhotoTooLarge):
        read(reader, endless)
    assert max(held) <= MAX_BYTES
    assert len(endless.asked_for) == MAX_BYTES // READ_BYTES + 1


def test_two_photos_are_one_too_many(reader):
    for second in ("photo", "other"):
        body, content_type = multipart(("photo", "a", b"1"), (second, "b", b"2"))
        with pytest.raises(TooManyParts):
            read(reader, body, content_type)


def test_a_form_of_many_parts_is_refused(reader):
    body, content_type = multipart(*[(f"field{number}", None, b"x") for number in range(MAX_PARTS + 1)])
    with pytest.raises(TooManyParts):
        read(reader, body, content_type)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (("other", "face.jpg", b"1"),),
        (("photo", None, b"text instead of a file"),),
        (("note", None, b"x"),),
    ],
)
def test_a_form_without_a_photo_is_told_so(reader, parts):
    body, content_type = multipart(*parts)
    with pytest.raises(PhotoMissing):
        read(reader, body, content_type)


def test_a_request_without_anything_is_told_so(reader):
    with pytest.raises(PhotoMissing):
        read(reader, b"", None)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"no boundary in here", "multipart/form-data; boundary=BoUnDaRy"),
        (multipart(("photo", "a", b"1"))[0], "multipart/form-data"),
        (multipart(("photo", "a", b"1"))[0], "multipart/form-data; boundary=other"),
        (multipart(("photo", "a", PHOTO))[0][:-200], "multipart/form-data; boundary=BoUnDaRy"),
        (b"--BoUnDaRy\r\nno header\r\n\r\nx\r\n--BoUnDaRy--", "multipart/form-data; boundary=BoUnDaRy"),
        (b"--BoUnDaRy\r\n" + b"h: " + b"x" * 300_000, "multipart/form-data; boundary=BoUnDaRy"),
        (b"\r" * 400_000, "multipart/form-data; boundary=BoUnDaRy"),
        (b"x", "multipart/form-data; boundary=\xe9\xe9"),
    ],
)
def test_broken_forms_are_refused_by_name(reader, body, content_type):
    with pytest.raises((UploadMalformed, PhotoMissing, TooManyParts)):
        read(reader, body, content_type)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (TimeoutError(), UploadTimedOut),
        (NoMoreData(), UploadInterrupted),
        (ConnectionResetError(), UploadInterrupted),
        (InvalidChunkSize(b"zz"), UploadMalformed),
    ],
)
def test_every_way_a_connection_fails_has_a_name(reader, failure, expected):
    with pytest.raises(expected):
        read(reader, Source(b"first", failure))
    form, content_type = multipart(("photo", "a", PHOTO))
    with pytest.raises(expected):
        read(reader, Source(form[:1000], failure), content_type)


def test_a_body_shorter_than_announced_is_incomplete(reader):
    with pytest.raises(UploadInterrupted):
        read(reader, Source(b"abc"), announced=4)


def test_a_client_that_trickles_meets_the_body_deadline(reader, held):
    def drip():
        gevent.sleep(0.01)
        return b"."

    with pytest.raises(UploadTimedOut):
        read(reader, Source(*[drip] * 10_000))
    assert held[-1] == 0


def test_memory_is_held_while_the_photo_is_looked_at_and_given_back_after(reader, held):
    environ = EnvironBuilder(method="POST", data=b"12345", content_type="image/png").get_environ()
    with reader.upload_of(InMemoryRequest(environ)):
        assert held[-1] == 5
    assert held[-1] == 0


def test_uploads_together_are_bounded():
    reader = UploadReader(max_photo_bytes=100, body_deadline_seconds=5, memory=UploadMemory(150, lambda _: None))
    environ = EnvironBuilder(method="POST", data=bytes(100), content_type="image/png").get_environ()
    with reader.upload_of(InMemoryRequest(environ)), pytest.raises(UploadMemoryFull):
        read(reader, bytes(100))


def test_no_form_part_ever_touches_a_disk(monkeypatch):
    """Also where somebody reads `request.files` one day: Werkzeug's own stream factory is replaced."""

    def refuse(*_, **__):
        raise AssertionError("a temporary file was opened")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
        if name.endswith("File"):
            monkeypatch.setattr(f"werkzeug.formparser.{name}", refuse, raising=False)
    body, content_type = multipart(("photo", "a", PHOTO))
    request = InMemoryRequest(EnvironBuilder(method="POST", data=body, content_type=content_type).get_environ())
    assert request.files["photo"].read() == PHOTO
