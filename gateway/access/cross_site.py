"""Whether a page of another site made a browser of this machine ask: what it sends to a gateway without keys is not answered.

The name of the host is right there, so `host_names` lets it pass; and a form may be sent anywhere without the browser asking
first. The page cannot read the answer, but photos would be looked at, and counted. What it cannot change are the headers by
which the browser itself says who asks (Fetch Metadata, and Origin of RFC 6454). Programs send neither.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

SAFE_METHODS: Final = ("GET", "HEAD")
"""They change nothing, and a link of another site may lead here."""
OUR_SITES: Final = ("same-origin", "none")
"""Values of Sec-Fetch-Site: the page itself, or a person without any page."""
OPAQUE: Final = "null"


def comes_from_elsewhere(method: str, *, host: str | None, site: str | None, origin: str | None) -> bool:
    """Whether another page than ours sent a request that is more than a look.

    >>> comes_from_elsewhere("POST", host="localhost:8080", site="cross-site", origin="https://evil.example")
    True
    >>> comes_from_elsewhere("POST", host="localhost:8080", site=None, origin="http://localhost:8080")
    False

    Args:
        method: In capitals.
        host: Header Host.
        site: Header Sec-Fetch-Site; older browsers send none.
        origin: Header Origin.
    """
    if method in SAFE_METHODS:
        return False
    if site is not None and site not in OUR_SITES:
        return True
    # Our own form has an opaque origin, because our pages name no referrer: there the browser's other header decides.
    if origin is None or (origin == OPAQUE and site is not None):
        return False
    return _host_of(origin) != (host or "").lower()


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
