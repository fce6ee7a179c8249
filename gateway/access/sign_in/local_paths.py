"""Where a person is led after signing in: to a page of this gateway and nowhere else, whatever the address says."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "/"
SIGN_IN_PATH: Final = "/sign-in"
MAX_CHARACTERS: Final = 512
_NAME: Final = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_LOCAL: Final = re.compile(rf"/(?:{_NAME}(?:/{_NAME})*/?)?(?:\?[A-Za-z0-9._~=&%+-]*)?", re.ASCII)
"""Names between single slashes, none of which begins with a dot: no host, no backslash, no way up, nothing encoded in the path.

Every slash has one place in it: were one optional within the repetition, a long name that ends wrongly would be tried in as many ways as it
can be cut, and one request would keep the worker busy for ever.
"""


def local_path(path: str | None) -> str:
    """The path, where it leads to a page of ours; else the first page.

    >>> [local_path(path) for path in ("/operator", "/?explain=true", "//evil.example", "https://evil.example", None)]
    ['/operator', '/?explain=true', '/', '/', '/']
    """
    if path is None or len(path) > MAX_CHARACTERS or not _LOCAL.fullmatch(path):
        return HOME
    # Signing in again would go on forever.
    return HOME if path.split("?")[0].rstrip("/").startswith(SIGN_IN_PATH) else path
