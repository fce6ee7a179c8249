"""German: what stands beside an answer, for people who work with it."""

from __future__ import annotations

from typing import Final

ANSWER_WORDS: Final = {
    "unreviewed": "Ungeprüfte Übersetzung (unreviewed translation). Im Zweifel gilt der englische Text.",
    "in_short": (
        "Das ist keine Diagnose. Ein Punktwert kann nicht zeigen, dass ein Mensch krank ist, und nicht, dass er gesund ist."
    ),
    "meaning": "Wie oft dieser Bereich falsch ist",
    "meaning_demo": (
        "Die Zahlen darunter stammen von gezeichneten Gesichtern. Sie sagen nichts über Menschen und nichts über Ihren Ort."
    ),
    "meaning_missed": (
        "Ein unterer Bereich kann falsch sein. In seiner eigenen Prüfung ordnete das Modell ihm etwa {about} von 100 depressiven "
        "Personen zu. Es waren etwa {count} von {total}. Durch Zufall können es auch {low} bis {high} von 100 sein."
    ),
    "meaning_at_site": (
        "Sie sagen, dass an Ihrem Ort {prevalence} von 100 depressiv sind. Dann sind dort von 100 mit diesem Bereich etwa {share} depressiv."
    ),
    "meaning_table": "Wie viele mit diesem Bereich sind depressiv? Das hängt davon ab, wie viele es an Ihrem Ort sind.",
    "meaning_among_all": "Von 100 an Ihrem Ort depressiv",
    "meaning_in_band": "Von 100 mit diesem Bereich depressiv",
    "meaning_range": "{low} bis {high}",
    "meaning_assumes": "Das gilt nur, wenn Ihre Fotos und Menschen denen der Prüfung gleichen.",
    "meaning_not_measured": (
        "Wie oft dieser Bereich falsch ist, hat für diese Version und diese Grenzen der Bereiche niemand gezählt."
    ),
    "meaning_counted": "Personen der Prüfung in diesem Bereich",
    "meaning_method": (
        "{depressed} von {depressed_total} depressiven, {others} von {others_total} nicht depressiven; jede Person zählt einmal, in Teilen, "
        "wo ihre Fotos in zwei Bereiche fielen. "
        "Die Enden sind Wilson-Intervalle nach Personen: zu 95 % für den Anteil der Depressiven, zu 97.5 % für die beiden Anteile, aus denen "
        "der Anteil im Bereich berechnet ist und von denen die ungünstigsten Enden zählen."
    ),
    "meaning_without_abstention": "Auch Fotos, die keinen Bereich bekämen, wurden gezählt.",
    "crop": "Was das Modell sah",
    "crop_not_kept": "Diese Antwort wurde schon einmal gegeben. Das Gesicht, um das es geht, wurde nicht aufbewahrt.",
    "crop_shown": "Das Gesicht, um das es in dieser Antwort geht, so wie das Modell es sah",
    "notes": "Text für die Akte",
    "notes_hint": "Kopieren Sie ihn in die Akte. Er nennt niemanden, außer die Fallbezeichnung tut es.",
    "copy_notes": "Text kopieren",
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
