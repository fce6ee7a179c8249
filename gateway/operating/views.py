"""The facts in the words of a language, ready for `templates/operator.html`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from gateway.errors import ModelNotServable
from gateway.languages import Catalogue
from gateway.operating.charts import HEIGHT, WIDTH, Chart, Stroke
from gateway.operating.facts import Facts, Stored
from gateway.operating.figures import Figures
from gateway.operating.orders import FAILED, Cause, Said
from gateway.problems import Problem
from gateway.settings import MEBIBYTE, Settings
from gateway.stop.pause_change import PauseAction, PauseChange
from gateway.stop.sentinel import SentinelReport


@dataclass(frozen=True, slots=True)
class OperatorViews:
    """Says facts in words.

    Attributes:
        settings: Of this gateway.
        language: To say them in.
    """

    settings: Settings
    language: Catalogue

    def page(self, facts: Facts, figures: Figures, said: Said | None) -> dict[str, Any]:
        """Everything that the template shows."""
        words = self.language.operator
        return {
            "said": {"text": words[f"said_{said}"], "failed": said in FAILED} if is_still_true(said, facts) else None,
            "pause": self._pause(facts),
            "causes": [(cause.value, words[f"cause_{cause}"]) for cause in Cause],
            "changes": [self._change(change) for change in facts.stored.changes] if facts.stored else [],
            "live": self._live(facts),
            "shadow": self._shadow(figures),
            "sentinel": self._sentinel(facts.sentinel),
            "drift": self._drift(facts.stored),
            "load": self._load(figures),
            "records": self._records(figures),
            "charts": self._charts(facts.stored),
            "incomplete": facts.stored is None,
            "metrics_url": f"http://{self.settings.metrics_host}:{self.settings.metrics_port}/metrics",
            "prometheus_url": self.settings.prometheus_url,
        }

    def _pause(self, facts: Facts) -> dict[str, Any] | None:
        if facts.pause is None:
            return None
        words, pause = self.language.operator, facts.pause
        change = facts.stored.pause if facts.stored else None
        known = change if change is not None and change.action is PauseAction.PAUSE else None
        return {
            "reason": words[f"reason_{pause.reason}"],
            "code": pause.reason.value,
            "since": pause.since and moment(pause.since),
            "here_only": pause.here_only,
            "by": known and known.by,
            "why": known and self._why(known),
            "id": known.id if known else "",
        }

    def _change(self, change: PauseChange) -> dict[str, Any]:
        words = self.language.operator
        return {
            "at": moment(change.at),
            "action": words[f"action_{change.action}"],
            "reason": words[f"reason_{change.reason}"],
            "by": change.by,
            "why": self._why(change),
        }

    def _why(self, change: PauseChange) -> str:
        """The cause that an operator chose on this page; the words of whoever gave the command, or of the sentinel."""
        return self.language.operator.get(f"cause_{change.why}", change.why)

    def _live(self, facts: Facts) -> dict[str, Any]:
        if isinstance(facts.model, ModelNotServable):
            problem = Problem.of(facts.model, "", self.language)
            return {"model": None, "detail": problem.detail, "advice": problem.advice, "code": problem.code}
        model, live = facts.model, facts.stored.live if facts.stored else None
        # A pin that the history does not know was put there by hand; then nobody can say since when.
        is_this = live is not None and (live.version, live.digest) == (model.version, model.digest)
        return {
            "model": self.language.page["model_line"].format(name=model.name, version=model.version),
            "digest": model.digest,
            "evidence": self.language.evidence_words[model.contract.evidence],
            "policy": model.policy.number,
            "since": moment(live.since) if live and is_this else None,
            "by": live.record.by if live and is_this else "",
            "why": live.record.why if live and is_this else "",
        }

    def _shadow(self, figures: Figures) -> dict[str, Any] | None:
        version, words = self.settings.shadow_version, self.language.operator
        if version == 0:
            return None
        compared = figures.shadow_agrees + figures.shadow_disagrees
        share = f"{100 * figures.shadow_disagrees / compared:.1f}" if compared else None
        return {
            "version": version,
            "compared": words["shadow_compared"].format(
                compared=self._count(compared), disagree=self._count(figures.shadow_disagrees), share=share
            )
            if compared
            else words["shadow_nothing"],
            "missed": self._count(figures.shadow_missed),
        }

    def _sentinel(self, report: SentinelReport) -> dict[str, Any]:
        words = self.language.operator
        return {
            "watching": words["sentinel_watching" if report.watching else "sentinel_off"],
            "result": words[f"look_{report.result}" if report.result else "look_none"],
            "says": report.says,
            "alarm": report.result is not None and not report.watching,
        }

    def _drift(self, stored: Stored | None) -> dict[str, Any]:
        words = self.language.operator
        seen = None if stored is None else stored.drift
        if seen is None:
            return {"says": words["drift_state"], "alarm": False}
        signal = words.get(f"signal_{seen.signal.removeprefix('site_')}", seen.signal)
        return {"says": words[f"drift_{seen.state}"].format(signal=signal), "alarm": seen.state in ("alarm", "stale")}

    def _load(self, figures: Figures) -> list[tuple[str, str]]:
        words, settings = self.language.operator, self.settings
        held = f"{figures.upload_bytes / MEBIBYTE:.1f}"
        rows = [
            ("circuit", words[f"circuit_{figures.circuit}"]),
            ("in_flight", self._of(figures.in_flight, settings.max_in_flight)),
            ("queued", self._of(figures.queued, settings.max_queue)),
            ("upload_memory", words["of"].format(figure=held, most=settings.max_upload_memory_bytes // MEBIBYTE)),
            ("shed", self._count(figures.shed)),
        ]
        return [(words[name], text) for name, text in rows]

    def _records(self, figures: Figures) -> dict[str, Any] | None:
        if self.settings.records_url is None:
            return None
        words = self.language.operator
        return {
            "required": words[f"records_{self.settings.records_when_away}"],
            "kept": self._count(figures.receipts_kept),
            "lost": self._count(figures.receipts_lost),
        }

    def _charts(self, stored: Stored | None) -> list[dict[str, Any]] | None:
        if stored is None or stored.charts is None:
            return None
        return [self._chart(chart) for chart in stored.charts]

    def _chart(self, chart: Chart) -> dict[str, Any]:
        words, kind = self.language.operator, chart.kind
        factor = 100 if kind.percent else 1
        return {
            "name": kind.name,
            "title": words[f"chart_{kind.name}"],
            "width": WIDTH,
            "height": HEIGHT,
            "top": f"{chart.top * factor:g}",
            "strokes": [
                {
                    "points": stroke.points,
                    "number": number,
                    "text": self._stroke_text(stroke, factor),
                }
                for number, stroke in enumerate(chart.strokes, start=1)
            ],
        }

    def _stroke_text(self, stroke: Stroke, factor: int) -> str:
        words = self.language.operator
        figures = {name: f"{factor * getattr(stroke, name):.3g}" for name in ("latest", "least", "most")}
        text = words["chart_text"].format(**figures)
        name = words.get(f"band_{stroke.name}")
        return f"{name}: {text}" if name else text

    def _of(self, figure: int, most: int) -> str:
        return self.language.operator["of"].format(figure=self._count(figure), most=self._count(most))

    def _count(self, count: int) -> str:
        return f"{count:,}".replace(",", self.language.thousands)


def is_still_true(said: Said | None, facts: Facts) -> bool:
    """Whether what became of an order may be shown: its address may have been kept, or sent by somebody."""
    if said in (Said.PAUSED, Said.ALREADY_PAUSED):
        return facts.pause is not None
    if said in (Said.RESUMED, Said.NOT_PAUSED):
        return facts.pause is None
    return said is not None


def moment(text: str) -> dict[str, str]:
    """A moment of a record: as it is for machines, to the second for people.

    >>> moment("2026-11-28T04:11:09.120000+00:00")
    {'machine': '2026-11-28T04:11:09.120000+00:00', 'people': '2026-11-28 04:11:09 UTC'}
    """
    try:
        at = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        return {"machine": text, "people": text}
    return {"machine": text, "people": f"{at:%Y-%m-%d %H:%M:%S} UTC"}
