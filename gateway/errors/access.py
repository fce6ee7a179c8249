"""The caller is not known, or may not do this. No sentence says whether a key, a user or a token exists."""

from __future__ import annotations

from typing import ClassVar, Self

from gateway.errors.root import TELL_OPERATOR, TRY_AGAIN, GatewayError

ASK_FOR_A_KEY = "Ask the people who run this service for an API key or a token that allows this."


class AccessError(GatewayError):
    """The caller is not known, or may not do this. `reason` is one of `monitoring.metrics.ACCESS_REFUSALS`."""

    advice = ASK_FOR_A_KEY
    reason: ClassVar[str]


class CredentialMissing(AccessError):
    """No key and no token."""

    code = "credential_missing"
    sentence = "This needs an API key or a token, and the request has none."
    reason = "missing"


class SignInMissing(AccessError):
    """The page, asked by somebody who is not signed in, where nobody can sign in."""

    code = "sign_in_missing"
    sentence = (
        "This page is for people who are signed in, and this gateway has no sign-in for people. "
        "Programs can use it with an API key."
    )
    advice = "Ask the people who run this service how your site uses it."
    reason = "missing"


class CredentialInvalid(AccessError):
    """Not one of ours, changed, revoked, for somebody else, or two that contradict each other."""

    code = "credential_invalid"
    sentence = "The API key or token of the request is not accepted."
    reason = "invalid"


class CredentialExpired(AccessError):
    """It was right, and its time is over: said only to whoever holds it whole."""

    code = "credential_expired"
    sentence = "The API key or token of the request has expired."
    advice = "Get a new one; tokens are renewed at the identity provider, keys by the people who run this service."
    reason = "expired"


class ScopeMissing(AccessError):
    """A known caller who may not do this."""

    code = "scope_missing"
    sentence = "The API key, the token or your role does not allow this."
    advice = "Ask the people who run this service for a key, a token or a role that allows this."
    reason = "scope"

    @classmethod
    def of(cls, scope: str) -> Self:
        """With the scope that would allow it."""
        message = "The API key, the token or your role does not allow this: it lacks the scope {scope}."
        return cls(message, figures={"scope": str(scope)})


class TrafficNotGranted(AccessError):
    """A class of traffic that the key does not grant."""

    code = "traffic_not_granted"
    sentence = "The API key of the request does not grant the class of traffic that its header names."
    advice = "Leave the header X-Traffic-Class out, or use a key that was made for this class."
    reason = "traffic"


class RouteNotGranted(AccessError):
    """A route that is in no row of the table: denied by default."""

    code = "route_not_granted"
    sentence = "Nobody was allowed to use this address."
    advice = TELL_OPERATOR
    reason = "route"


class HostNotLocal(AccessError):
    """A name that is not this machine's, at a gateway that asks nobody for a key (`gateway.access.host_names`)."""

    code = "host_not_local"
    sentence = (
        "Without keys this gateway answers only under the names of this machine, such as 127.0.0.1 and localhost."
    )
    advice = "Use one of these names, or ask the people who run this service to set up keys."
    reason = "host"


class CrossSiteRequest(AccessError):
    """Sent by a page of another site, where a browser is asked for no key or for a session (`gateway.access.cross_site`)."""

    code = "cross_site_request"
    sentence = "This gateway takes what its own pages and programs send, not what other sites send."
    advice = "Open this service's own page and send it there."
    reason = "cross_site"


class AccessUnavailable(GatewayError):
    """Who asks cannot be found out right now, so nobody is let in."""

    advice = TRY_AGAIN
    reason: ClassVar[str]


class IdentityProviderUnavailable(AccessUnavailable):
    """The identity provider is away, and its keys are not known or too old."""

    code = "identity_provider_unavailable"
    sentence = "The token cannot be checked, because the identity provider cannot be reached."
    reason = "provider_unavailable"


class ApiKeysUnreadable(AccessUnavailable):
    """The file with the API keys cannot be trusted."""

    code = "api_keys_unreadable"
    sentence = "The API key cannot be checked, because the list of keys cannot be read."
    reason = "keys_unreadable"
