"""An answer as plain text for a clinician's notes: result, limits, version, receipt, time; no photo, no name."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.answer import Answer
from gateway.languages import Catalogue
from gateway.meaning_view import Meaning
from serving.contract.model import Evidence


def notes_text(answer: Answer, language: Catalogue, meaning: Meaning | None) -> str:
    """The lines, the warning of a demo model before the result as on the page."""
    say, contract = language.page, answer.model.contract
    lines = [say["notes_title"]]
    if contract.evidence is Evidence.DEMO:
        lines.append(language.demo_notice)
    if contract.knows_nothing:
        lines.append(language.knows_nothing_notice)
    if answer.band is None:
        lines += [say["notes_abstained"], *(language.doubts[doubt].detail for doubt in answer.doubts)]
    else:
        words = language.band_words[answer.band]
        lines.append(say["notes_result"].format(words=words, name=answer.band.value, percent=answer.percent))
        lines.append(language.band_meanings[answer.band])
    if meaning is not None:
        lines += [" ".join(meaning.sentences), *_table(meaning, say), *meaning.conditions]
    line = say["model_line"].format(name=answer.model.name, version=answer.model.version)
    lines += [
        say["notes_limits"],
        *(f"- {limit}" for limit in language.limits_of(contract)),
        f"- {language.notice}",
        say["notes_model"].format(line=line, evidence=language.evidence_words[contract.evidence]),
        say["notes_digest"].format(digest=answer.model.digest),
        say["notes_policy"].format(number=answer.model.policy.number),
        say["notes_receipt"].format(id=answer.id),
        say["notes_time"].format(time=f"{answer.answered_at:%Y-%m-%d %H:%M:%S}"),
    ]
    return "\n".join(lines)


def _table(meaning: Meaning, say: Mapping[str, str]) -> list[str]:
    return [
        f"- {say['meaning_among_all']}: {among_all}. {say['meaning_in_band']}: {in_band}."
        for among_all, in_band in meaning.table
    ]
