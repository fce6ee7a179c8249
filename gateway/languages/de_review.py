"""German: saying what one thinks of an answer, and what a questionnaire said later."""

from __future__ import annotations

from typing import Final

REVIEW_WORDS: Final = {
    "review_heading": "Ihre Beurteilung",
    "review_off": "Hier werden keine Beurteilungen aufbewahrt, weil dieses Haus nichts aufzeichnet. Es gibt also kein Formular dafür.",
    "review_question": "Stimmen Sie dieser Antwort zu?",
    "review_agree": "Ich stimme zu",
    "review_unsure": "Ich bin nicht sicher",
    "review_score_too_high": "Ich stimme nicht zu: Der Wert ist zu hoch",
    "review_score_too_low": "Ich stimme nicht zu: Der Wert ist zu niedrig",
    "review_face_condition": "Ich stimme nicht zu: Das Gesicht hat eine Verletzung, Lähmung oder Ähnliches, woher der Wert kommen kann",
    "review_photo_not_typical": "Ich stimme nicht zu: Die Person sieht selten so aus wie auf diesem Foto",
    "review_wrong_person": "Ich stimme nicht zu: Das Foto zeigt jemand anderen",
    "review_other": "Ich stimme nicht zu: aus einem anderen Grund",
    "review_choose": "Wählen Sie eines davon. Es wurde nichts aufbewahrt.",
    "review_submit": "Beurteilung aufbewahren",
    "review_again": "Beurteilung ändern",
    "review_thanks": "Danke. Ihre Beurteilung ist aufbewahrt.",
    "review_said": "Sie haben gesagt",
    "review_correct": "Um sie zu ändern, wählen Sie neu und senden das Formular noch einmal.",
    "review_revision": "Aufbewahrt als Nummer {revision}, um {time}. Auch die davor sind aufbewahrt.",
    "review_committed": "Bevor Sie den Wert gesehen haben, haben Sie erwartet",
    "review_map_gone": "Die Karte des Gesichts wird nicht aufbewahrt und darum nicht noch einmal gezeigt. Die Antwort ist dieselbe.",
    "review_kept": "Ihre Wahl wird beim Beleg aufbewahrt, ohne Namen und ohne eigene Worte von Ihnen.",
    "review_outcome": "Später: den Wert eines Fragebogens nachtragen.",
    "commit_eyebrow": "Vor dem Wert",
    "commit_heading": "Sagen Sie zuerst, was Sie erwarten",
    "commit_why": "Das Foto wurde betrachtet. In diesem Haus sagen Sie zuerst, was Sie erwarten. Dann wird der Wert gezeigt.",
    "commit_question": "Welchen Bereich erwarten Sie bei dieser Person?",
    "commit_submit": "Aufbewahren und den Wert zeigen",
    "commit_kept": "Ihre Wahl wird beim Beleg aufbewahrt. Sie lässt sich nicht mehr ändern, sobald der Wert gezeigt ist.",
    "outcome_title": "Wert eines Fragebogens",
    "outcome_purpose": (
        "Tragen Sie hier nach, was ein Fragebogen über eine Person ergab, deren Foto einen Wert bekam. Jener Wert ändert sich "
        "dadurch nicht."
    ),
    "outcome_heading": "Einen Wert nachtragen",
    "outcome_receipt": "Beleg",
    "outcome_receipt_hint": "Er steht bei der Antwort und im Text für die Akte.",
    "outcome_instrument": "Fragebogen",
    "instrument_phq9": "PHQ-9, von 0 bis 27",
    "instrument_phq8": "PHQ-8, von 0 bis 24",
    "outcome_score": "Wert",
    "outcome_day": "Tag, an dem er ausgefüllt wurde",
    "outcome_take_back": "Den früher gesendeten Wert zurücknehmen. Lassen Sie Wert und Tag leer.",
    "outcome_submit": "Senden",
    "outcome_kept": "Aufbewahrt: {instrument}; Wert {score}; Tag {date}; Nummer {revision} zu diesem Beleg.",
    "outcome_taken_back": "Zurückgenommen: {instrument}; Nummer {revision} zu diesem Beleg.",
    "outcome_correct": "Um ihn zu ändern, senden Sie das Formular mit demselben Beleg noch einmal. Auch das Frühere ist aufbewahrt.",
    "outcome_kept_how": "Der Wert und sein Tag werden beim Beleg aufbewahrt, und ein Kürzel dafür, wer sie gesendet hat. Kein Name.",
    "outcome_back": "Ein Foto senden",
}
