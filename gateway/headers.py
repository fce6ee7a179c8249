"""Headers that every answer carries, also those that the server gives before the application is asked."""

from __future__ import annotations

from typing import Final

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STRICT_TRANSPORT_SECURITY: Final = "max-age=31536000"
"""A year. Without the names below ours, which are not ours to speak for."""


def security_headers(*, tls_in_front: bool) -> dict[str, str]:
    """The headers of every answer; where clients come over TLS, browsers are told never to come without."""
    hsts = {"Strict-Transport-Security": STRICT_TRANSPORT_SECURITY} if tls_in_front else {}
    return SECURITY_HEADERS | hsts
