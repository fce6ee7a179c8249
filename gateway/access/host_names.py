"""Under which name a request reached a gateway that asks nobody for a key: only names of this machine are answered.

Only this machine can connect to it, but a page of any site can make a browser of this machine do that, under a name of the page's
own that resolves to 127.0.0.1 (DNS rebinding); the browser then lets the page read the answers. What it cannot change is the
header Host, which names the page's site.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.settings import is_loopback

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(?::[0-9]*)?", re.ASCII)


@lru_cache(maxsize=64)
def names_this_machine(host: str | None) -> bool:
    """Whether a header Host names this machine, with any port; so does none, which no browser sends.

    >>> [names_this_machine(host) for host in ("localhost:8080", "127.0.0.1", "[::1]:8080", "", None)]
    [True, True, True, True, True]
    >>> [names_this_machine(host) for host in ("evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "0.0.0.0")]
    [False, False, False, False]
    """
    if not host:
        return True
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found[1].lower())
