"""Serves the description: as JSON for programs, as plain HTML for people, and a page for every problem type."""

from __future__ import annotations

import functools
import json
from typing import Any

import flask

from gateway.errors import RouteUnknown
from gateway.problems import TYPE_PREFIX, kind_of, problem_classes


def create_reference(*, access: bool) -> flask.Blueprint:
    """The routes of the description.

    Args:
        access: Whether this gateway asks for a key or token.
    """

    @functools.cache
    def document() -> dict[str, Any]:
        from gateway.openapi.document import describe_api  # noqa: PLC0415 - few ask for it, and not before the first photo

        return describe_api(access=access)

    blueprint = flask.Blueprint("reference", __name__)

    @blueprint.get("/openapi.json")
    def describe() -> flask.Response:
        return flask.Response(json.dumps(document(), ensure_ascii=False), content_type="application/json")

    @blueprint.get("/reference")
    def show() -> str:
        return flask.render_template("reference.html", api=document(), problems=_problem_views())

    @blueprint.get("/problems/v1/<code>")
    def explain(code: str) -> str:
        problem = next((each for each in _problem_views() if each["code"] == code), None)
        if problem is None:
            raise RouteUnknown
        return flask.render_template("problem.html", problem=problem)

    return blueprint


def _problem_views() -> list[dict[str, Any]]:
    from gateway.openapi.problem_docs import PROBLEM_DOCS  # noqa: PLC0415 - the same

    return [
        {
            "code": each.code,
            "type": TYPE_PREFIX + each.code,
            "status": kind_of(each).status,
            "title": kind_of(each).title,
            "cause": PROBLEM_DOCS[each.code].cause,
            "remedy": PROBLEM_DOCS[each.code].remedy,
            "retry": kind_of(each).retry_after_seconds is not None,
        }
        for each in problem_classes()
    ]
