"""The settings of whoever runs a scenario: none of them reaches it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SETTINGS_PREFIX: Final = "SYMMETRA_"


@contextmanager
def without_settings() -> Iterator[None]:
    """Within the block this process, and so everything that it starts, has no setting of ours; at its end they are back.

    A shell may hold those of a real site, such as `SYMMETRA_RECORDS_URL`. A scenario screens drawn people, and none of them may come to stand
    in a site's database.
    """
    settings = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS_PREFIX)}
    for name in settings:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(settings)
