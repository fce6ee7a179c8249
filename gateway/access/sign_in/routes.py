"""`/sign-in`, `/sign-in/callback` and `/sign-out`: what a browser meets on its way to the identity provider and back."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import flask

from gateway.access.sign_in.local_paths import SIGN_IN_PATH, local_path
from gateway.errors import (
    AccessError,
    AccessUnavailable,
    RecordsUnavailable,
    RoleMissing,
    SignInDenied,
    SignInInterrupted,
    SignInOff,
    SignInRefused,
)

if TYPE_CHECKING:  # imported only where people can sign in
    from gateway.access.sign_in.assembly import SignIn
    from gateway.access.sign_in.flow import Flow
    from gateway.records.audit.trail import AuditTrail

CALLBACK_PATH: Final = f"{SIGN_IN_PATH}/callback"
SIGN_OUT_PATH: Final = "/sign-out"
MAX_PARAMETER_CHARACTERS: Final = 4096


def create_sign_in(
    sign_in: SignIn | None, trail: AuditTrail | None, on_refusal: Callable[[str], None]
) -> flask.Blueprint:
    """The routes; they say so where people cannot sign in.

    Args:
        sign_in: The parts.
        trail: Told who signed in and out, where records are on.
        on_refusal: Told the reason of every refusal.
    """
    blueprint = flask.Blueprint("sign_in", __name__)

    @blueprint.get(SIGN_IN_PATH)
    def begin() -> flask.Response:
        parts = _required(sign_in)
        flow = parts.flows.begin(local_path(flask.request.args.get("to")))
        flask.g.sign_in_to = flow.to
        with _counted(on_refusal):
            response = _redirect(parts.provider.sign_in_address(flow))
        parts.flows.write(response, flow)
        return response

    @blueprint.get(CALLBACK_PATH)
    def finish() -> flask.Response:
        parts = _required(sign_in)
        with _counted(on_refusal):
            flow = parts.flows.of(flask.request)
            if flow is None:
                raise SignInInterrupted
            flask.g.sign_in_to = flow.to
            session = parts.session_of(parts.provider.claims_of_code(_code(parts, flow), flow))
            if not session.roles:
                with suppress(RecordsUnavailable):
                    _note(
                        trail, "refused", session.caller_name, code=RoleMissing.code, method="GET", route=CALLBACK_PATH
                    )
                raise RoleMissing
            _note(trail, "sign_in", session.caller_name, roles=" ".join(sorted(session.roles)))
        response = _redirect(flow.to)
        parts.sessions.write(response, session)
        return response

    @blueprint.post(SIGN_OUT_PATH)
    def sign_out() -> flask.Response:
        parts = _required(sign_in)
        with suppress(RecordsUnavailable):  # the log says so; nobody stays signed in for it
            _note(trail, "sign_out", flask.g.session.caller_name)
        flask.g.session_ends = True
        language, address = flask.g.language, parts.provider.sign_out_address()
        response = flask.make_response(
            flask.render_template("signed_out.html", language=language, text=language.page, address=address)
        )
        if address is not None:
            # No redirect: browsers hold our policy's `form-action`, which names this site alone, against one that follows a form.
            response.headers["Refresh"] = f"0; url={address}"
        return response

    @blueprint.after_request
    def end_attempt(response: flask.Response) -> flask.Response:
        """An attempt that came back is over, however it went: its state and its verifier are worth nothing any more."""
        if sign_in is not None and flask.request.path == CALLBACK_PATH:
            sign_in.flows.end(response)
        return response

    return blueprint


def _required(sign_in: SignIn | None) -> SignIn:
    if sign_in is None:
        raise SignInOff
    return sign_in


def _code(parts: SignIn, flow: Flow) -> str:
    """The code of an answer that belongs to this attempt, and that this provider gave."""
    state, code, error, issuer = (_parameter(name) for name in ("state", "code", "error", "iss"))
    if state is None or not hmac.compare_digest(state.encode(), flow.state.encode()):
        raise SignInInterrupted
    parts.provider.require_its_answer(issuer)
    if error is not None:
        raise SignInDenied
    if code is None:
        raise SignInRefused
    return code


def _parameter(name: str) -> str | None:
    values = flask.request.args.getlist(name)
    if len(values) > 1 or any(len(value) > MAX_PARAMETER_CHARACTERS for value in values):
        raise SignInRefused
    return values[0] if values else None


def _redirect(address: str) -> flask.Response:
    response = flask.Response(status=HTTPStatus.SEE_OTHER)
    response.headers["Location"] = address
    return response


def _note(trail: AuditTrail | None, kind: str, actor: str, **details: str) -> None:
    if trail is None:
        return
    from gateway.records.audit.event import AuditEvent, AuditKind  # noqa: PLC0415 - only where records are on

    trail.note(AuditEvent(AuditKind(kind), actor, details=details))


@contextmanager
def _counted(on_refusal: Callable[[str], None]) -> Generator[None, None, None]:
    """Count a refusal of the block, as the guard counts its own."""
    try:
        yield
    except (AccessError, AccessUnavailable) as error:
        on_refusal(error.reason)
        raise
