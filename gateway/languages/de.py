"""German. Formal address, since clinicians and patients of a hospital read it."""

from __future__ import annotations

from typing import Final

from gateway.languages.catalogue import Catalogue, Told
from gateway.languages.de_answer import ANSWER_WORDS
from gateway.languages.de_capture import CAPTURE
from gateway.languages.de_limits import LIMITS
from gateway.languages.de_occurrences import OCCURRENCES
from gateway.languages.de_operator import OPERATOR
from gateway.languages.de_problems import PAUSES, PROBLEMS, TITLES
from gateway.languages.de_review import REVIEW_WORDS
from gateway.languages.de_sign_in import SIGN_IN
from serving.contract.abstention import Doubt
from serving.contract.model import Evidence
from serving.contract.severity import Band

GERMAN: Final = Catalogue(
    tag="de",
    notice=(
        "Entscheidungshilfe für Forschung und Triage, keine Diagnose. "
        "Der Schweregrad ist ein Punktwert dieses Modells: Er ist kein PHQ-9-Wert und keine Angabe, wie gewiss das Ergebnis ist. "
        "Lassen Sie ihn mit einem validierten Fragebogen und in einem ärztlichen Gespräch überprüfen."
    ),
    demo_notice="Demonstrationsmodell, an gezeichneten Gesichtern trainiert: Dieses Ergebnis sagt nichts über diesen Menschen.",
    demo_page_notice="Demonstrationsmodell, an gezeichneten Gesichtern trainiert: Seine Ergebnisse sagen über keinen Menschen etwas.",
    knows_nothing_notice=(
        "An den Gesichtern, die zum Prüfen zurückgehalten wurden, war diese Version kaum besser als Raten: Sie weiß nichts."
    ),
    explanation_caption=(
        "Karte und Maße zeigen, worauf das Netz in diesem Foto reagiert, nicht, was für den Menschen gilt: eine Hilfe, um das "
        "Modell zu prüfen, weder ein Beleg noch ein Befund."
    ),
    band_words={
        Band.NONE: "Unterer Wertebereich",
        Band.MILD: "Mittlerer Wertebereich",
        Band.HIGH: "Oberer Wertebereich",
    },
    band_meanings={
        Band.NONE: "Das Modell sah wenige der Zeichen, an denen es trainiert wurde. Das schließt eine Depression nicht aus.",
        Band.MILD: (
            "Das Modell sah einige der Zeichen, an denen es trainiert wurde. Für sich genommen heißt das weder krank noch gesund."
        ),
        Band.HIGH: (
            "Das Modell sah viele der Zeichen, an denen es trainiert wurde. Das heißt nicht, dass dieser Mensch depressiv ist."
        ),
    },
    evidence_words={
        Evidence.DEMO: "Demonstration: an gezeichneten Gesichtern trainiert, nie an Menschen geprüft",
        Evidence.RESEARCH: "Forschung: an Daten der Hersteller geprüft, an diesem Ort nicht validiert",
        Evidence.SITE_VALIDATED: "an diesem Ort validiert",
    },
    quality_words={
        "luminance": "Helligkeit des Gesichts",
        "shadows": "Seine Schatten",
        "highlights": "Seine Lichter",
        "contrast": "Sein Kontrast",
        "clipped_share": "Sein überbelichteter Anteil",
        "sharpness": "Seine Schärfe",
        "face_fraction": "Sein Anteil an der Breite des Fotos",
        "inter_eye_pixels": "Bildpunkte zwischen den Augen",
        "detector_score": "Gewissheit, dass ein Gesicht gefunden wurde",
        "turn": "Drehung des Kopfes",
        "roll_degrees": "Neigung des Kopfes, Grad",
        "outside_share": "Anteil des Gesichts außerhalb des Fotos",
    },
    region_words={"eyes": "Augen", "brows": "Brauen", "mouth": "Mund", "jaw": "Kiefer", "photo": "ganzes Foto"},
    doubts={
        Doubt.UNSTABLE_ANSWER: Told(
            "Die Antwort des Modells ändert sich zu stark, wenn sich das Foto ein wenig ändert; deshalb wird kein Bereich genannt.",
            "Nehmen Sie ein weiteres Foto auf, das Gesicht gerade zur Kamera, bei gleichmäßigem Licht. Geschieht es wieder, "
            "verzichten Sie auf diesen Wert.",
        ),
        Doubt.UNUSUAL_PHOTO_QUALITY: Told(
            "Licht oder Schärfe dieses Fotos sind anders als bei fast allen Fotos, mit denen das Modell geprüft wurde; "
            "deshalb wird kein Bereich genannt.",
            "Nehmen Sie ein weiteres Foto bei gleichmäßigem Licht auf, mit ruhiger Kamera und scharfem Gesicht.",
        ),
    },
    figure_words={
        "photos": "Fotos",
        "subjects": "Personen",
        "accuracy": "Genauigkeit",
        "auroc": "AUROC",
        "bayes_accuracy": "Höchste mögliche Genauigkeit an diesen Daten",
        "share_of_bayes": "Anteil am Möglichen über das Raten hinaus",
        "band_flips_mirrored": "Anteil der Fotos mit anderem Bereich nach dem Spiegeln",
    },
    stage_words={
        "upload": "Übertragung",
        "queue": "Warten",
        "decode": "Lesen des Fotos",
        "face": "Suche des Gesichts",
        "jitter": "abgewandelte Kopien",
        "predict": "Modell",
        "explain": "Erklärung",
        "record": "Aufzeichnung",
        "total": "insgesamt",
    },
    operator=OPERATOR,
    page={
        **ANSWER_WORDS,
        **CAPTURE,
        **REVIEW_WORDS,
        **SIGN_IN,
        "title": "Symmetra",
        "subtitle": "Depressions-Punktwert aus einem Gesichtsfoto",
        "purpose": "Entscheidungshilfe für Forschung und ärztlich verantwortete Triage. Keine Diagnose.",
        "heading": "Ein Foto senden",
        "choose": "Foto auswählen",
        "formats": "JPEG, PNG oder WebP, höchstens {megabytes} MB. Ein Gesicht, Blick zur Kamera, gleichmäßiges Licht.",
        "explain": "Auch zeigen, worauf das Modell in diesem Foto reagiert",
        "submit": "Punktwert anfordern",
        "chosen": "Ausgewähltes Foto",
        "working": "Das Foto wird betrachtet …",
        "privacy": "Das Foto wird im Arbeitsspeicher betrachtet und nicht aufbewahrt.",
        "too_large": "Dieses Foto ist größer als {megabytes} MB. Wählen Sie ein kleineres.",
        "only_one": "Legen Sie immer nur ein Foto ab.",
        "offline": "Keine Antwort vom Server. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.",
        "result": "Ergebnis",
        "abstained": "Kein Bereich für dieses Foto",
        "abstained_meaning": (
            "Das Foto wurde betrachtet, und die Antwort des Modells ist nicht verlässlich genug, um sie als Punktwert zu zeigen."
        ),
        "refusal": "Kein Punktwert für dieses Foto",
        "unusable": "Dieses Foto ist nicht verwendbar",
        "fault": "Keine Antwort",
        "not_allowed": "Nicht erlaubt",
        "paper_name": "Die Veröffentlichung nennt diesen Bereich „{name}“.",
        "severity": "Schweregrad: {percent} von 100",
        "scale": "Schweregrad {percent} von 100. Der untere Bereich endet bei {low}, der mittlere bei {middle}.",
        "low": "unten",
        "middle": "Mitte",
        "high": "oben",
        "severity_meaning": (
            "Diese Zahl ist ein Punktwert des Modells. Sie ist kein PHQ-9-Wert, keine Angabe, wie gewiss das Ergebnis ist, und keine "
            "Wahrscheinlichkeit, krank zu sein. Lassen Sie sie mit einem validierten Fragebogen wie dem PHQ-9 und in einem "
            "ärztlichen Gespräch überprüfen."
        ),
        "what_to_do": "Was Sie tun können",
        "code": "Grund",
        "request": "Anfrage",
        "model": "Das Modell",
        "version": "Version",
        "model_line": "{name}, Version {version}",
        "evidence": "Nachweis",
        "limits": "Grenzen",
        "holdout": "An zurückgehaltenen Daten gemessen",
        "interval": "{figure} (95 % {low} bis {high})",
        "details": "Einzelheiten dieser Antwort",
        "photo_quality": "Qualität des Fotos",
        "digest": "Prüfsumme des Modells",
        "policy": "Regelwerk",
        "preprocessing": "Vorverarbeitung",
        "p_no_depression": "Wahrscheinlichkeit für keine Depression, wie das Modell sie angibt",
        "timings": "Zeit, Millisekunden",
        "explanation": "Worauf das Modell reagiert",
        "attribution": "Karte des Gesichts: wo das Gesehene den Wert erhöht hat und wo es ihn gesenkt hat.",
        "pushes_up": "erhöht den Wert",
        "pushes_down": "senkt ihn",
        "asymmetry": "Unterschied der beiden Hälften, von 0 bis 1",
        "another": "Ein weiteres Foto senden",
        "no_model": "Zurzeit kann kein Punktwert gegeben werden.",
    },
    titles=TITLES,
    problems=PROBLEMS,
    pauses=PAUSES,
    occurrences=OCCURRENCES,
    limits=LIMITS,
    thousands="\N{NO-BREAK SPACE}",  # neither point nor comma: decimals have a point on this page in every language
)
