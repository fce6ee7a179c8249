"""German: what stands beside an answer, for people who work with it."""

from __future__ import annotations

from typing import Final

ANSWER_WORDS: Final = {
    "unreviewed": "Ungeprüfte Übersetzung (unreviewed translation). Im Zweifel gilt der englische Text.",
    "in_short": (
        "Das ist keine Diagnose. Ein Punktwert kann nicht zeigen, dass ein Mensch krank ist, und nicht, dass er gesund ist."
    ),
    "crop": "Was das Modell sah",
    "crop_shown": "Das Gesicht, um das es in dieser Antwort geht, so wie das Modell es sah",
    "notes": "Text für die Akte",
    "notes_hint": "Kopieren Sie ihn in die Akte. Er nennt den Menschen nicht.",
    "copy": "Text kopieren",
    "copied": "Kopiert.",
    "notes_title": "Symmetra, Punktwert aus einem Gesichtsfoto. Keine Diagnose.",
    "notes_result": "Ergebnis: {words} (in der Veröffentlichung: {name}), Punktwert {percent} von 100",
    "notes_abstained": "Ergebnis: kein Bereich",
    "notes_limits": "Grenzen:",
    "notes_model": "Modell: {line} ({evidence})",
    "notes_digest": "Prüfsumme des Modells: {digest}",
    "notes_policy": "Regelwerk: {number}",
    "notes_receipt": "Beleg: {id}",
    "notes_time": "Zeit: {time} UTC",
    "receipt": "Beleg",
    "answered_at": "Zeitpunkt",
    "utc": "{time} (UTC)",
    "crisis_heading": "Wenn ein Mensch in Gefahr sein könnte",
    "crisis": (
        "Rufen Sie jetzt den Notruf an Ihrem Ort an. Warten Sie nicht auf einen Punktwert, und lassen Sie den Menschen nicht allein."
    ),
}
