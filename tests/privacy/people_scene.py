"""People and programs with credentials, PostgreSQL that logs every statement, reviews and outcomes; then the database is away."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import numpy as np

from gateway.access.key_file import KeyRecord, changing_keys
from gateway.access.key_text import KeyText
from gateway.access.scopes import Scope
from tests.privacy.evidence import Leak
from tests.privacy.marked_requests import (
    Answer,
    Request,
    fields_of,
    form_screening,
    marked_headers,
    raw_screening,
    with_wrong_credentials,
)
from tests.privacy.run import Run
from tests.privacy.scenes import gateway, prove_answered, refusals, screenings, search_database, search_metadata
from tests.support.gateway import VERSION, make_repository
from tests.support.gateway_process import GatewayProcess
from tests.support.identity_provider import AUDIENCE
from tests.support.people import ask_provider, sign_in_settings
from tests.support.postgresql import PostgresqlServer
from tests.support.records import make_records
from tests.support.sign_in_provider import SignInProvider
from tests.support.stub_model_server import StubModelServer

SCENE: Final = "people"
HTML: Final = "text/html"
PUBLIC_URL: Final = "http://localhost"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that opens the gateway; its secret is looked for everywhere."""

    text: KeyText

    @property
    def secret_word(self) -> bytes:
        """The part that nobody may read anywhere."""
        return self.text.text.rpartition("_")[2].encode()

    def add_to(self, path: Path) -> None:
        """Write its digest into a file of keys."""
        with changing_keys(path) as records:
            records.append(
                KeyRecord(self.text.id, "ward", self.text.sha256, frozenset(Scope), ("patient",), datetime.now(UTC))
            )


def people(run: Run, key: ApiKey, *, watched: bool) -> None:
    """Everything that people and programs with credentials do."""
    folder = run.folder / SCENE
    folder.mkdir()
    repository = run.folder / "people-models"
    make_repository(repository, asymmetry_regions=())
    key.add_to(folder / "keys.json")
    with (
        PostgresqlServer(is_durable=True, log_statement="all", log_min_messages="debug1") as server,
        SignInProvider() as provider,
        StubModelServer(VERSION, np.float32(0.5)) as stub,
    ):
        url = server.new_database()
        provider.subject = run.markers["token_subject"]
        provider.claims = {"name": run.markers["token_name"], "email": f"{run.markers['token_email']}@ward.invalid"}
        settings = sign_in_settings(provider, folder, public_url=PUBLIC_URL) | make_records(folder, url=url)
        settings |= {
            "oidc_audience": AUDIENCE, "api_keys_file": folder / "keys.json", "trusted_proxies": "127.0.0.1",
            "records_when_away": "spool", "records_journal_file": folder / "journal", "requests_per_second_per_client": 50,
        }  # fmt: skip
        with gateway(run, SCENE, repository, stub.address, watched=watched, **settings) as served:
            keyed = {"X_API_Key": key.text.text}
            answers = screenings(run, SCENE, served, explain=False, **keyed)
            prove_answered(run, SCENE, [each for each in answers if _is_json(each)])
            token = provider.token(
                sub=run.markers["token_subject"], scope="screen read_records review", email=run.markers["token_email"]
            )
            run.send(SCENE, served.port, [raw_screening(run.photos[0], run.markers, Authorization=f"Bearer {token}")])
            _review(run, served, key, answers)
            _sign_in_and_screen(run, served)
            refusals(run, SCENE, served, **keyed)
            run.send(
                SCENE, served.port, with_wrong_credentials(raw_screening(run.photos[0], run.markers), run.markers) * 12
            )
            search_database(run, url)
            server.kill()
            away = run.send(SCENE, served.port, [raw_screening(run.photos[0], run.markers, **keyed)])
            run.proven["people: answered with the database away, and kept in the journal"] = (
                away[0].status == 200 and (folder / "journal").stat().st_size > 0
            )
            run.evidence.add_file("state", folder / "journal")
        search_metadata(run, stub)
        run.evidence.add_folder("database", server.folder)
        run.evidence.add_folder("state", folder)


def outcome_of_today() -> dict[str, object]:
    """What a form says on the day on which it was filled in: older ones are refused after a year."""
    return {"instrument": "phq9", "score": 7, "assessed_on": datetime.now(UTC).date().isoformat()}


def _review(run: Run, served: GatewayProcess, key: ApiKey, answers: list[Answer]) -> None:
    """A review, an outcome, corrections, and bodies that are refused, on the first answer."""
    first = json.loads(next(each for each in answers if _is_json(each)).body)["id"]
    markers = run.markers
    headers = marked_headers(markers) | {
        "X-API-Key": key.text.text, "Content-Type": "application/json", "Idempotency-Key": markers["idempotency_key"],
    }  # fmt: skip
    review, outcome = f"/v1/screenings/{first}/review", f"/v1/screenings/{first}/outcome"
    good = [
        Request("PUT", review, b'{"verdict": "agree"}', headers),
        Request("PUT", outcome, json.dumps(outcome_of_today()).encode(), headers),
    ]
    odd = [
        Request("PUT", review, json.dumps({"verdict": markers["field_value"]}).encode(), headers),
        Request("PUT", review, json.dumps({markers["field_name"]: "x"}).encode(), headers),
        Request("PUT", outcome, json.dumps({"instrument": "phq9", "score": markers["field_value"]}).encode(), headers),
        Request("PUT", outcome, b"{" + markers["field_value"].encode(), headers),
        Request("GET", review, b"", headers),
        Request("GET", outcome, b"", headers),
        Request("GET", f"/v1/screenings/{first}", b"", headers),
    ]
    given = run.send(SCENE, served.port, [*good, *good, *odd])
    run.proven["people: a review and an outcome were taken"] = all(each.status in (200, 201) for each in given[:2])


def _sign_in_and_screen(run: Run, served: GatewayProcess) -> None:
    """The whole way of a person: to the provider, back, a photo on the page, and out; the cookie is no line of the log."""
    browser: dict[str, str] = {}

    def ask(request: Request) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.items())
        asked = Request(
            request.method, request.path, request.body, request.headers | {"Cookie": cookie, "Accept": HTML}
        )
        (answer,) = run.send(SCENE, served.port, [asked])
        for name, value in answer.headers:
            if name == "Set-Cookie":
                browser.update([value.split(";")[0].split("=", 1)])
        return answer

    headers = marked_headers(run.markers) | {"Host": "localhost"}
    left = ask(Request("GET", "/sign-in", b"", headers))
    back = ask_provider(dict(left.headers)["Location"])
    ask(Request("GET", back, b"", headers))
    page = ask(Request("GET", "/", b"", headers))
    found = re.search(rb'name="form_token" value="([^"]+)"', page.body)
    token = found[1].decode() if found else ""
    screening = form_screening(run.photos[0], run.markers, "/", fields={"form_token": token}, Host="localhost")
    answer = ask(screening)
    run.proven["people: a person signed in and got an answer"] = answer.status == 200
    headers_of_form = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    fields = fields_of(answer, "review")
    reviewed = ask(Request("POST", "/review", urlencode(fields | {"verdict": "agree"}).encode(), headers_of_form))
    run.proven["people: the page's own form brought the crop back with a review"] = (
        reviewed.status == 200
        and b"data:image/png;base64," in reviewed.body
        and "data:image/png" in fields.get("crop", "")
    )
    ask(
        Request(
            "POST", "/review", urlencode(fields | {"verdict": run.markers["field_value"]}).encode(), headers_of_form
        )
    )
    outcome = {"receipt": fields.get("receipt", ""), "form_token": token} | outcome_of_today()
    told = ask(Request("POST", "/outcome", urlencode(outcome).encode(), headers_of_form))
    run.proven["people: the page's own form brought an outcome"] = told.status == 200
    secrets = [
        value for value in (*browser.values(), token, back.partition("code=")[2].split("&")[0]) if len(value) > 7
    ]
    ask(
        Request(
            "POST",
            "/sign-out",
            f"form_token={token}".encode(),
            headers_of_form,
        )
    )
    said = served.log() + served.metrics()
    for secret in secrets:
        if secret in said:
            run.evidence.add_leak(
                Leak("log", f"log of {SCENE}", "a cookie, a form token or a code of a person", "as it is", 0)
            )


def _is_json(answer: Answer) -> bool:
    return answer.body.startswith(b"{")
