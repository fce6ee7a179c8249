"""The root of the tree, what anything unforeseen becomes, and two pieces of advice that many share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

from serving.contract.sentences import fill

TRY_AGAIN = "Please try again in a moment."
TELL_OPERATOR = "Please tell the people who run this service."
MAX_RETRY_AFTER_SECONDS: Final = 60


class GatewayError(Exception):
    """Root of the tree. `code` is stable; `sentence` and `advice` are for people and hold nothing of the request."""

    code: ClassVar[str] = "gateway_error"
    sentence: ClassVar[str] = "The request could not be answered."
    advice: ClassVar[str] = TELL_OPERATOR

    def __init__(
        self,
        sentence: str | None = None,
        *,
        figures: Mapping[str, str | int] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        """Use the class's own sentence, or one with figures of ours (seconds, versions; never client content).

        Args:
            sentence: In place of the class's own; names of figures stand in braces.
            figures: Of this occurrence, by name.
            retry_after_seconds: When trying again is worth it, where this occurrence knows better than the table of
                `gateway.problems`; kept as whole seconds from 1 to `MAX_RETRY_AFTER_SECONDS`.
        """
        self.template = sentence or self.sentence
        self.figures = figures or {}
        super().__init__(fill(self.template, self.figures))
        self.retry_after_seconds = _whole_seconds(retry_after_seconds)


class InternalError(GatewayError):
    """Anything unforeseen."""

    code = "internal_error"
    sentence = "Something went wrong on our side."


def _whole_seconds(seconds: float | None) -> int | None:
    if seconds is None:
        return None
    return max(1, math.ceil(min(seconds, MAX_RETRY_AFTER_SECONDS)))
