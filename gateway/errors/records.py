"""The records of answers."""

from __future__ import annotations

from gateway.errors.request import RequestError
from gateway.errors.root import TRY_AGAIN, GatewayError


class RecordsUnavailable(GatewayError):
    """The database did not take a receipt, or did not say what it has."""

    code = "records_unavailable"
    sentence = "The record of the answer cannot be written or read right now."
    advice = TRY_AGAIN


class RecordsOff(RequestError):
    """This site keeps no receipts."""

    code = "records_off"
    sentence = "Answers are not kept here, so earlier ones cannot be read."
    advice = "Keep the answer when it is given."


class ScreeningUnknown(RequestError):
    """No receipt has this id."""

    code = "screening_unknown"
    sentence = "There is no answer with this id."
    advice = "Check the id; it stands in the answer as 'id'."
