"""Requests with a marker in every place that a client can fill. Standard library only."""

from __future__ import annotations

import base64
import html
import http.client
import re
import secrets
import ssl
import urllib.parse
from dataclasses import dataclass, field
from typing import Final

from tests.privacy.marked_photos import MarkedPhoto
from tests.privacy.markers import Markers

BOUNDARY_BYTES: Final = 12
TIMEOUT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status; 0 where the connection ended without one.
        headers: Name and value of each header.
        body: As it came.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def content(self) -> bytes:
        """Head and body."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.headers).encode() + b"\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """All that a receiver could keep of it."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{self.method} {self.path}\r\n{head}\r\n".encode() + self.body


def marked_headers(markers: Markers) -> dict[str, str]:
    """Headers that describe a client, a person or a trace."""
    return {
        "User-Agent": f"Camera/1.0 ({markers['user_agent']})",
        "Referer": f"https://ward.invalid/{markers['referer']}",
        "X-Forwarded-For": f"{markers.address}, {markers['forwarded_for']}",
        "Forwarded": f'for="[{markers.address}]";host={markers["forwarded_for"]}',
        "Accept-Language": f"en, x-{markers['accept_language'][-8:]};q=0.5, {markers['accept_language']};q=0.1",
        "Cookie": f"patient={markers['cookie']}",
        "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        "tracestate": f"ward={markers['tracestate']}",
        "baggage": f"patient={markers['baggage']}",
        "X-Request-Id": markers["request_id"],
        "X-Patient": markers["own_header"],
    }


def fields_of(answer: Answer, form_id: str) -> dict[str, str]:
    """The hidden fields of a form in a page that was answered."""
    page = answer.body.decode()
    form = page[page.find(f'id="{form_id}"') :].partition("</form>")[0]
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    }


def raw_screening(photo: MarkedPhoto, markers: Markers, *, explain: bool = False, **headers: str) -> Request:
    """The photo as the body; subject, repetition and query beside it."""
    query = {markers["query_name"]: markers["query_value"], "patient": markers["query_value"]}
    if explain:
        query["explain"] = "true"
    all_headers = marked_headers(markers) | {
        "Content-Type": photo.media_type,
        "X-Subject": markers["subject_header"],
        "Idempotency-Key": markers["idempotency_key"] + secrets.token_hex(4),
    }
    path = "/v1/screenings?" + urllib.parse.urlencode(query)
    return Request(
        "POST", path, photo.content, all_headers | {name.replace("_", "-"): v for name, v in headers.items()}
    )


def form_screening(
    photo: MarkedPhoto,
    markers: Markers,
    path: str = "/v1/screenings",
    *,
    explain: bool = False,
    fields: dict[str, str] | None = None,
    **headers: str,
) -> Request:
    """The photo as a part of a form, with a file name, further fields and headers of the part."""
    boundary = secrets.token_hex(BOUNDARY_BYTES)
    all_fields = {"subject": markers["subject"], "note": markers["field_value"], markers["field_name"]: "x"} | (
        fields or {}
    )
    if explain:
        all_fields["explain"] = "true"
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in all_fields.items()
    )
    file_name = f"{markers['file_name']}.jpg"
    body += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="{file_name}"\r\n'
        f"Content-Type: {photo.media_type}\r\nX-Part: {markers['part_header']}\r\n\r\n"
    ).encode()
    body += photo.content + f"\r\n--{boundary}--\r\n".encode()
    all_headers = marked_headers(markers) | {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return Request("POST", path, body, all_headers | {name.replace("_", "-"): v for name, v in headers.items()})


def odd_requests(photo: MarkedPhoto, markers: Markers) -> list[Request]:
    """Requests that are refused before or beside a screening, each with markers where the refusal could repeat them."""
    headers = marked_headers(markers)
    image = {"Content-Type": photo.media_type}
    return [
        Request("GET", f"/{markers['unknown_path']}?{markers['query_name']}={markers['query_value']}", b"", headers),
        Request("GET", f"/v1/screenings/{markers['unknown_path']}", b"", headers),
        Request(f"X{markers['method'].upper()}", "/v1/screenings", b"", headers),
        Request("POST", "/v1/screenings", photo.content, headers | {"Content-Type": f"text/{markers['content_type']}"}),
        Request("POST", "/v1/screenings", photo.content, headers | {"Content-Type": f"image/{markers['content_type']}"}),
        Request("POST", f"/v1/screenings?explain={markers['query_value']}", photo.content, headers | image),
        Request("POST", "/v1/screenings", photo.content, headers | image | {"X-Subject": f"a b {markers['subject_header']}"}),
        Request("POST", "/v1/screenings", photo.content, headers | image | {"Idempotency-Key": f"a b {markers['idempotency_key']}"}),
        Request("POST", "/v1/screenings", photo.content, headers | image | {"X-Traffic-Class": markers["own_header"]}),
        Request("POST", "/v1/screenings", photo.content, headers | image | {"Content-Encoding": markers["content_type"]}),
        Request("POST", "/v1/screenings", b"--x\r\n" + photo.content, headers | {"Content-Type": "multipart/form-data; boundary=x"}),
        Request("GET", "/", b"", headers | {"Accept": "text/html"}),
        Request("GET", "/v1/models", b"", headers),
        Request("GET", "/openapi.json", b"", headers),
    ]  # fmt: skip


def with_wrong_credentials(request: Request, markers: Markers) -> list[Request]:
    """The same request with credentials that nobody gave out, of every kind."""
    token = ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (b'{"alg":"RS256"}', b'{"sub":"' + markers["token_subject"].encode() + b'"}', markers["wrong_token"].encode())
    )  # fmt: skip
    basic = base64.b64encode(f"ward:{markers['basic_password']}".encode()).decode()
    credentials = (
        {"X-API-Key": f"sym_{markers['wrong_key'][:12]}_{markers['wrong_key'] * 3}"[:66]},
        {"Authorization": f"Bearer {markers['wrong_key']}"},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Basic {basic}"},
    )
    return [Request(request.method, request.path, request.body, request.headers | each) for each in credentials]


def send(host: str, port: int, request: Request, *, tls: ssl.SSLContext | None = None, base_path: str = "") -> Answer:
    """Send one request on a connection of its own. A connection that breaks off is an answer with status 0."""
    connection = (
        http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=tls)
        if tls
        else http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    )
    try:
        connection.request(request.method, base_path + request.path, request.body, request.headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return Answer(0)
    else:
        return Answer(response.status, tuple(response.getheaders()), body)
    finally:
        connection.close()
