"""German for the limits that our own training writes into a version's contract, by the English sentence.

A test compares them with `training.reporting.model_card`. What a site wrote for its own version stays as it is.
"""

from __future__ import annotations

from typing import Final

LIMITS: Final = {
    "Demonstration model, trained on drawn faces: a result says nothing about any person.": (
        "Demonstrationsmodell, an gezeichneten Gesichtern trainiert: Ein Ergebnis sagt über keinen Menschen etwas."
    ),
    "The link from severity to a drooping or uneven face is an assumption of this project, drawn into its data.": (
        "Dass der Schweregrad mit einem hängenden oder ungleichen Gesicht zusammenhängt, ist eine Annahme dieses Projekts, "
        "die in seine Daten hineingezeichnet wurde."
    ),
    "Research only: not validated for any clinical use.": "Nur für Forschung: für keine klinische Verwendung validiert.",
    "Validated by the site for its own population and cameras only.": (
        "Vom Standort nur für seine eigene Bevölkerung und seine eigenen Kameras validiert."
    ),
    "The model knows nothing: its held-out AUROC is under 0.80.": (
        "Das Modell weiß nichts: Seine AUROC an zurückgehaltenen Daten liegt unter 0.80."
    ),
    (
        "Whose the photos are is not known: near-duplicates were kept together, one person can stand in several splits, and "
        "a subject means one picture here, also in the intervals."
    ): (
        "Von wem die Fotos sind, ist nicht bekannt: Beinahe gleiche wurden beisammengehalten, ein Mensch kann in mehreren "
        "Teilen der Daten vorkommen, und als Person zählt hier ein Bild, auch in den Intervallen."
    ),
    "Decision support for research and for triage that a clinician owns; never a diagnosis.": (
        "Entscheidungshilfe für Forschung und ärztlich verantwortete Triage; niemals eine Diagnose."
    ),
    (
        "Severity is 1 - p_no_depression of a binary model: not a PHQ-9 score, not a confidence; the bands mild and high were "
        "never validated against severity labels."
    ): (
        "Der Schweregrad ist 1 - p_no_depression eines zweiwertigen Modells: kein PHQ-9-Wert, keine Angabe, wie gewiss das Ergebnis ist; die "
        "Bereiche mild und high wurden nie an bekannten Schweregraden validiert."
    ),
    "One still photo; nothing was measured about change over time, treatment, or other cameras and populations.": (
        "Ein einzelnes Foto; über Veränderungen mit der Zeit, Behandlung, andere Kameras und andere Bevölkerungen wurde nichts "
        "gemessen."
    ),
}
