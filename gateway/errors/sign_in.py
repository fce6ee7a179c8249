"""People and their sessions. No sentence says who somebody is, nor what the identity provider said of them."""

from __future__ import annotations

from gateway.errors.access import AccessError, AccessUnavailable
from gateway.errors.request import RequestError
from gateway.errors.root import TELL_OPERATOR, TRY_AGAIN

SIGN_IN_AGAIN = "Sign in again."


class SignInNeeded(AccessError):
    """A page, asked for by somebody who is not signed in, where people can sign in."""

    code = "sign_in_needed"
    sentence = "This page is for people who are signed in."
    advice = "Sign in with your account of this site. If you sent a photo, it was not looked at or kept: choose it again then."
    reason = "missing"


class SessionExpired(AccessError):
    """It was not used for a while, or went on for long enough; or no accepted key knows it any more."""

    code = "session_expired"
    sentence = "Your sign-in is over: it was not used for a while, or its longest time has passed. Nothing that you sent was looked at or kept."
    advice = "Sign in again. If you sent a photo, choose it again then."
    reason = "session_expired"


class FormTokenInvalid(AccessError):
    """A request with a session's cookie and without a token of the session: perhaps another site's page made the browser send it."""

    code = "form_token_invalid"
    sentence = "This form is not of your present sign-in, so it was not looked at."
    advice = "Open the page again and fill in the form there."
    reason = "form_token"


class RoleMissing(AccessError):
    """The identity provider knows the person, and says nothing of them that means a role here."""

    code = "role_missing"
    sentence = "You are known here, but you have no role at this service yet."
    advice = "Ask the people who run this service for a role, and then sign in again."
    reason = "role"


class SignInInterrupted(AccessError):
    """What came back belongs to no attempt of this browser: too late, begun anew, used before, or begun elsewhere."""

    code = "sign_in_interrupted"
    sentence = "This sign-in was not begun in this browser, took too long, or was begun anew in another tab."
    advice = SIGN_IN_AGAIN
    reason = "sign_in"


class SignInDenied(AccessError):
    """The identity provider sent the browser back without signing anybody in."""

    code = "sign_in_denied"
    sentence = "The identity provider did not sign you in."
    advice = "Sign in again, or ask the people who run your site's accounts."
    reason = "sign_in"


class SignInRefused(AccessError):
    """What came from the identity provider is not right in everything: code, signature, issuer, audience, time, nonce."""

    code = "sign_in_refused"
    sentence = "What the identity provider answered cannot be trusted, so you are not signed in."
    advice = f"{SIGN_IN_AGAIN} If this happens again, tell the people who run this service."
    reason = "sign_in"


class SignInUnavailable(AccessUnavailable):
    """The identity provider does not answer, or cannot sign people in."""

    code = "sign_in_unavailable"
    sentence = "Nobody can sign in right now, because the identity provider does not answer."
    advice = TRY_AGAIN
    reason = "provider_unavailable"


class SignInOff(RequestError):
    """An address of the sign-in, where people cannot sign in."""

    code = "sign_in_off"
    sentence = "This gateway has no sign-in for people."
    advice = TELL_OPERATOR
