"""Which settings of the identity provider and of sign-in do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it asks here whether it holds together
    from gateway.settings import Settings


def sign_in_contradictions(settings: Settings) -> list[str]:
    """One sentence per contradiction."""
    mistakes = []
    if settings.oidc_issuer is None and settings.oidc_audience is not None:
        mistakes.append("SYMMETRA_OIDC_AUDIENCE is set, and SYMMETRA_OIDC_ISSUER is not: whose tokens?")
    if settings.oidc_issuer is not None and settings.oidc_audience is None and settings.oidc_client_id is None:
        mistakes.append(
            "SYMMETRA_OIDC_ISSUER needs SYMMETRA_OIDC_AUDIENCE, for tokens of programs, or SYMMETRA_OIDC_CLIENT_ID, for people"
        )
    if settings.oidc_client_id is not None:
        needed = {
            "SYMMETRA_OIDC_ISSUER": settings.oidc_issuer,
            "SYMMETRA_PUBLIC_URL": settings.public_url,
            "SYMMETRA_SESSION_KEY_FILE": settings.session_key_file,
        }
        missing = [name for name, value in needed.items() if value is None]
        mistakes += [f"{name} is missing: SYMMETRA_OIDC_CLIENT_ID is set, so people sign in" for name in missing]
    elif settings.oidc_client_secret_file is not None:
        mistakes.append("SYMMETRA_OIDC_CLIENT_SECRET_FILE is set, and SYMMETRA_OIDC_CLIENT_ID is not: whose secret?")
    if settings.oidc_client_id is not None and settings.oidc_client_id == settings.oidc_audience:
        mistakes.append(
            "SYMMETRA_OIDC_CLIENT_ID and SYMMETRA_OIDC_AUDIENCE are the same: what says who a person is would be taken as a "
            "token that lets programs in"
        )
    if "openid" not in settings.oidc_sign_in_scope.split():
        mistakes.append("SYMMETRA_OIDC_SIGN_IN_SCOPE does not hold openid, without which nobody is told who signed in")
    if settings.session_absolute_seconds < settings.session_idle_seconds:
        mistakes.append(
            f"SYMMETRA_SESSION_ABSOLUTE_SECONDS is {settings.session_absolute_seconds}: less than "
            f"SYMMETRA_SESSION_IDLE_SECONDS, {settings.session_idle_seconds}"
        )
    return mistakes
