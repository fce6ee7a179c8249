"""What the log says of requests that are refused by the hundred: the first of a second, and how many like it there were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import gevent

from gateway.logs import log_event

SUMMED_SECONDS: Final = 1.0

_Kind: TypeAlias = tuple[Any, ...]


class RefusalLog:
    """Writes log lines of refusals; the metrics count every one of them.

    A line for each would cost as much as the refusal, and bury what else is in the log.

    Args:
        later: Calls a function with arguments, so many seconds from now.
    """

    def __init__(self, later: Callable[..., object] = gevent.spawn_later) -> None:
        self._later = later
        self._further: dict[_Kind, int] = {}

    def note(self, fields: Mapping[str, Any]) -> None:
        """One request was refused; `fields` are those of any request's line."""
        kind = (fields["route"], fields["status"], fields["code"])
        if kind in self._further:
            self._further[kind] += 1
            return
        self._further[kind] = 0
        log_event("request", fields)
        self._later(SUMMED_SECONDS, self._sum_up, kind)

    def _sum_up(self, kind: _Kind) -> None:
        count = self._further.pop(kind)
        if count:
            route, status, code = kind
            log_event("further requests refused", {"route": route, "status": status, "code": code, "count": count})
