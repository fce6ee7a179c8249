"""The operator page: `GET /operator` shows it, `POST /operator/pause` and `/operator/resume` throw the stop switch.

Plain HTML without a script. Not in a patient's way: nothing on the upload page leads here, and whoever may not operate is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import flask
from prometheus_client import CollectorRegistry
from werkzeug.wrappers import Response

from gateway.errors import ParameterInvalid
from gateway.operating.facts import FactReader
from gateway.operating.figures import Figures
from gateway.operating.orders import FAILED, Cause, Orders, Said
from gateway.reviews.bodies import form_fields
from gateway.settings import Settings

FORM_SECONDS = 10.0
MAX_FORM_BYTES = 4096
"""For a form of two fields."""


def create_operator_page(
    settings: Settings,
    facts: FactReader,
    orders: Orders,
    registry: CollectorRegistry,
    kept_name: Callable[[str], str],
) -> flask.Blueprint:
    """The routes.

    Args:
        settings: Of this gateway.
        facts: Read for every look.
        orders: Carried out.
        registry: Of this gateway's metrics.
        kept_name: Of a caller, as records name them: the stop switch's history is one.
    """
    blueprint = flask.Blueprint("operator", __name__)

    def render(said: Said | None) -> str:
        from gateway.operating.views import OperatorViews  # noqa: PLC0415 - few look, and nobody before the first photo

        language = flask.g.language
        view = OperatorViews(settings, language).page(facts.read(), Figures.of(registry), said)
        return flask.render_template(
            "operator.html", language=language, text=language.page, op=language.operator, **view
        )

    def tell(said: Said) -> Response | tuple[str, int]:
        """What became of an order: shown at an address that can be loaded again without giving the order again."""
        if said in FAILED:
            return render(said), 503 if said in (Said.NOT_WRITTEN, Said.NOT_NOTED) else 409
        return flask.redirect(flask.url_for("operator.show", said=said.value), code=303)

    @blueprint.get("/operator")
    def show() -> str:
        asked = flask.request.args.get("said")
        return render(Said(asked) if asked in set(Said) - FAILED else None)

    @blueprint.post("/operator/pause")
    def pause() -> Response | tuple[str, int]:
        cause = _fields().get("cause", "")
        if cause not in set(Cause):
            message = "'{name}' must be one of {values}."
            raise ParameterInvalid(message, figures={"name": "cause", "values": ", ".join(Cause)})
        return tell(orders.pause(Cause(cause), kept_name(flask.g.caller.name)))

    @blueprint.post("/operator/resume")
    def resume() -> Response | tuple[str, int]:
        fields = _fields()
        if "pause_id" not in fields:
            message = "'{name}' is missing."
            raise ParameterInvalid(message, figures={"name": "pause_id"})
        return tell(orders.resume(fields["pause_id"], kept_name(flask.g.caller.name)))

    return blueprint


def _fields() -> Mapping[str, str]:
    return form_fields(flask.request, within_seconds=FORM_SECONDS, max_bytes=MAX_FORM_BYTES)
