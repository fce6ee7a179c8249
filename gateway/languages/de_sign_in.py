"""German: signing in and out, and the notice that a site asks people to confirm."""

from __future__ import annotations

from typing import Final

from gateway.languages.catalogue import Told

SIGN_IN: Final = {
    "sign_in": "Anmelden",
    "sign_in_first": "Bitte melden Sie sich an",
    "sign_in_again": "Wieder anmelden",
    "sign_out": "Abmelden",
    "signed_out": "Abgemeldet",
    "signed_out_here": "Sie sind von dieser Seite abgemeldet.",
    "signed_out_there": (
        "Bei Ihrem Konto dieses Hauses sind Sie vielleicht noch angemeldet. Wenn andere dieses Gerät verwenden, melden Sie sich "
        "auch dort ab."
    ),
    "sign_out_there": "Vom Konto abmelden",
    "access_contact": "Wen Sie fragen können",
    "notice": "Bevor Sie ein Foto senden",
    "notice_confirm": "Ich habe das gelesen, und es gilt für dieses Foto.",
}
_AGAIN: Final = "Melden Sie sich noch einmal an."
SIGN_IN_TITLES: Final = {
    "Notice not confirmed": "Hinweis nicht bestätigt",
    "Signed out": "Abgemeldet",
    "Sign-in interrupted": "Anmeldung unterbrochen",
    "Sign-in not available": "Anmeldung nicht verfügbar",
}
SIGN_IN_PROBLEMS: Final = {
    "notice_not_confirmed": Told(
        "Der Hinweis dieses Hauses wurde für dieses Foto nicht bestätigt, oder sein Wortlaut hat sich seitdem geändert.",
        "Lesen Sie den Hinweis neben dem Formular, bestätigen Sie ihn und senden Sie das Foto noch einmal. Programme nennen seine "
        "Version in X-Notice-Version.",
    ),
    "sign_in_needed": Told(
        "Diese Seite ist für angemeldete Personen.",
        "Melden Sie sich mit Ihrem Konto dieses Hauses an. Wenn Sie ein Foto gesendet haben, wurde es nicht angesehen oder "
        "behalten: Wählen Sie es dann noch einmal aus.",
    ),
    "session_expired": Told(
        "Ihre Anmeldung ist vorbei: Sie wurde eine Weile nicht verwendet, oder ihre längste Zeit ist um. Nichts, was Sie gesendet "
        "haben, wurde angesehen oder behalten.",
        "Melden Sie sich noch einmal an. Wenn Sie ein Foto gesendet haben, wählen Sie es dann noch einmal aus.",
    ),
    "form_token_invalid": Told(
        "Dieses Formular gehört nicht zu Ihrer jetzigen Anmeldung und wurde deshalb nicht angesehen.",
        "Öffnen Sie die Seite noch einmal und füllen Sie das Formular dort aus.",
    ),
    "role_missing": Told(
        "Sie sind hier bekannt, haben bei diesem Dienst aber noch keine Rolle.",
        "Bitten Sie die Betreiber dieses Dienstes um eine Rolle, und melden Sie sich dann noch einmal an.",
    ),
    "sign_in_interrupted": Told(
        "Diese Anmeldung wurde nicht in diesem Browser begonnen, hat zu lange gedauert oder wurde in einem anderen Tab neu begonnen.",
        _AGAIN,
    ),
    "sign_in_denied": Told(
        "Der Identitätsdienst hat Sie nicht angemeldet.",
        "Melden Sie sich noch einmal an, oder fragen Sie, wer die Konten Ihres Hauses betreut.",
    ),
    "sign_in_refused": Told(
        "Was der Identitätsdienst geantwortet hat, ist nicht vertrauenswürdig, deshalb sind Sie nicht angemeldet.",
        f"{_AGAIN} Geschieht das wieder, verständigen Sie bitte die Betreiber dieses Dienstes.",
    ),
    "sign_in_unavailable": Told(
        "Im Augenblick kann sich niemand anmelden, weil der Identitätsdienst nicht antwortet.",
        "Bitte versuchen Sie es gleich noch einmal.",
    ),
    "sign_in_off": Told(
        "Dieses Gateway hat keine Anmeldung für Personen.", "Bitte verständigen Sie die Betreiber dieses Dienstes."
    ),
}
