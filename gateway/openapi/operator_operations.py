"""The operations of the operator page."""

from __future__ import annotations

from typing import Any, Final

from gateway import errors
from gateway.openapi.operation import GUARDED, HTML, Operation
from gateway.openapi.parts import TEXT, record
from gateway.operating.orders import Cause

_FORM_TYPE: Final = "application/x-www-form-urlencoded"


def _form(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {_FORM_TYPE: {"schema": record(description, properties)}}


OPERATOR_OPERATIONS: Final = (
    Operation(
        "GET",
        "/operator",
        "showOperatorPage",
        "What is live, whether it answers and what watches it",
        "For people who operate the service; plain HTML without a script. Needs the scope `operate`.",
        HTML,
        (),
        GUARDED,
    ),
    Operation(
        "POST",
        "/operator/pause",
        "pauseScreening",
        "Pause screening on every gateway of this model",
        "What the operator page's form sends. Leads back to the page with 303; 503 with the page where the stop switch, or the "
        "note of it in the audit trail, could not be written. Programs use `python -m gateway pause`.",
        HTML,
        (errors.ParameterInvalid,),
        GUARDED,
        _form("Why.", {"cause": {"enum": [cause.value for cause in Cause]}}),
    ),
    Operation(
        "POST",
        "/operator/resume",
        "resumeScreening",
        "Look closely at the version in service, then resume",
        "What the operator page's form sends. Leads back to the page with 303; 409 with the page where something stands in the "
        "way. Programs use `python -m gateway resume`.",
        HTML,
        (errors.ParameterInvalid, errors.RecordsUnavailable),
        GUARDED,
        _form("Which pause.", {"pause_id": TEXT}),
        page_statuses=(409,),
    ),
)
