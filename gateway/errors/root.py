"""The root of the tree, what anything unforeseen becomes, and two pieces of advice that many share."""

from __future__ import annotations

from typing import ClassVar

TRY_AGAIN = "Please try again in a moment."
TELL_OPERATOR = "Please tell the people who run this service."


class GatewayError(Exception):
    """Root of the tree. `code` is stable; `sentence` and `advice` are for people and hold nothing of the request."""

    code: ClassVar[str] = "gateway_error"
    sentence: ClassVar[str] = "The request could not be answered."
    advice: ClassVar[str] = TELL_OPERATOR

    def __init__(self, sentence: str | None = None) -> None:
        """Use the class's own sentence, or one with figures of ours (seconds, versions; never client content)."""
        super().__init__(sentence or self.sentence)


class InternalError(GatewayError):
    """Anything unforeseen."""

    code = "internal_error"
    sentence = "Something went wrong on our side."
