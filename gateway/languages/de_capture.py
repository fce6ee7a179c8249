"""German: taking a photo with the camera, pasting one, and the label that stays on the page."""

from __future__ import annotations

from typing import Final

CAPTURE: Final = {
    "drop": "oder hier ablegen oder einfügen",
    "nothing_pasted": "In dem, was eingefügt wurde, ist kein Foto.",
    "camera": "Kamera benutzen",
    "camera_heading": "Ein Foto aufnehmen",
    "camera_view": "Was die Kamera sieht",
    "camera_starting": "Die Kamera wird eingeschaltet. Vielleicht fragt der Browser, ob Sie es erlauben.",
    "camera_hint": "Füllen Sie das Oval mit einem Gesicht, gerade zur Kamera, bei gleichmäßigem Licht.",
    "camera_take": "Foto aufnehmen",
    "camera_turn": "Andere Kamera benutzen",
    "camera_close": "Kamera schließen",
    "camera_missing": "Es wurde keine Kamera gefunden. Wählen Sie stattdessen ein Foto.",
    "camera_refused": (
        "Diese Seite darf die Kamera nicht benutzen. Erlauben Sie es in den Einstellungen, die der Browser für diese Seite hat, "
        "oder wählen Sie stattdessen ein Foto."
    ),
    "camera_busy": (
        "Die Kamera liefert kein Bild. Vielleicht benutzt sie ein anderes Programm: Schließen Sie es, oder wählen Sie "
        "stattdessen ein Foto."
    ),
    "camera_unsupported": (
        "Hier gibt der Browser keiner Seite die Kamera; er verlangt eine sichere Verbindung. Wählen Sie stattdessen ein Foto."
    ),
    "not_copied": "Der Text ist markiert: Kopieren Sie ihn mit der Tastatur.",
    "case_label": "Kennzeichen des Falls, wenn Sie eines möchten",
    "case_label_hint": "Es bleibt auf dieser Seite, damit zwei offene Seiten nicht verwechselt werden. Es wird nicht gesendet.",
    "case_of": "Fall",
}
