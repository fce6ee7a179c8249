"""German sentences of every problem, by code; English ones stand on the error classes."""

from __future__ import annotations

from typing import Final

from gateway.languages.catalogue import Told
from gateway.languages.de_sign_in import SIGN_IN_PROBLEMS, SIGN_IN_TITLES

_TRY_AGAIN: Final = "Bitte versuchen Sie es gleich noch einmal."
_TELL_OPERATOR: Final = "Bitte verständigen Sie die Betreiber dieses Dienstes."

_ASK_FOR_A_KEY: Final = "Bitten Sie die Betreiber dieses Dienstes um einen API-Schlüssel oder Token, der das erlaubt."

TITLES: Final = {
    "Photo not usable": "Foto nicht verwendbar",
    "Photo too large": "Foto zu groß",
    "Photo format not supported": "Fotoformat nicht unterstützt",
    "No score for this photo": "Kein Punktwert für dieses Foto",
    "Request not understood": "Anfrage nicht verstanden",
    "Address too long": "Adresse zu lang",
    "Headers too large": "Kopfzeilen zu groß",
    "Not found": "Nicht gefunden",
    "Method not allowed": "Methode nicht erlaubt",
    "No photo in the request": "Kein Foto in der Anfrage",
    "More than one photo": "Mehr als ein Foto",
    "Body type not supported": "Art des Inhalts nicht unterstützt",
    "Body not understood": "Inhalt nicht verstanden",
    "Body too large": "Inhalt zu groß",
    "Your view first": "Zuerst Ihre Erwartung",
    "Reviewed before": "Schon beurteilt",
    "Upload damaged": "Übertragung beschädigt",
    "Upload type not supported": "Art der Übertragung nicht unterstützt",
    "Upload too slow": "Übertragung zu langsam",
    "Upload incomplete": "Übertragung unvollständig",
    "Key or token needed": "Schlüssel oder Token nötig",
    "Sign-in needed": "Anmeldung nötig",
    **SIGN_IN_TITLES,
    "Key or token not accepted": "Schlüssel oder Token nicht angenommen",
    "Key or token expired": "Schlüssel oder Token abgelaufen",
    "Not allowed": "Nicht erlaubt",
    "Not the name of this service": "Nicht der Name dieses Dienstes",
    "Access cannot be checked": "Zugang nicht prüfbar",
    "Too busy": "Zu viel zu tun",
    "No model in service": "Kein Modell im Dienst",
    "Model not available": "Modell nicht verfügbar",
    "Model too busy": "Modell ausgelastet",
    "Model too slow": "Modell zu langsam",
    "Model version not loaded": "Modellversion nicht geladen",
    "Wrong model version answered": "Falsche Modellversion hat geantwortet",
    "Model failed": "Modell hat versagt",
    "Model answer not valid": "Antwort des Modells ungültig",
    "Internal error": "Interner Fehler",
    "Parameter not valid": "Parameter ungültig",
    "No explanation": "Keine Erklärung",
    "Key used before": "Schlüssel schon verwendet",
    "Still being answered": "Wird noch beantwortet",
    "Stopping": "Wird beendet",
    "Too many requests": "Zu viele Anfragen",
    "Records not available": "Aufzeichnungen nicht verfügbar",
    "Screening is paused": "Bewertung angehalten",
}
PROBLEMS: Final = {
    # access
    "credential_missing": Told(
        "Das geht nur mit einem API-Schlüssel oder Token, und die Anfrage hat keinen.", _ASK_FOR_A_KEY
    ),
    "sign_in_missing": Told(
        "Diese Seite ist für angemeldete Personen, und dieses Gateway hat keine Anmeldung für Personen. "
        "Programme können es mit einem API-Schlüssel verwenden.",
        "Fragen Sie die Betreiber dieses Dienstes, wie Ihr Haus ihn verwendet.",
    ),
    **SIGN_IN_PROBLEMS,
    "credential_invalid": Told("Der API-Schlüssel oder Token der Anfrage wird nicht angenommen.", _ASK_FOR_A_KEY),
    "credential_expired": Told(
        "Der API-Schlüssel oder Token der Anfrage ist abgelaufen.",
        "Holen Sie einen neuen: Tokens erneuert der Identitätsdienst, Schlüssel erneuern die Betreiber dieses Dienstes.",
    ),
    "scope_missing": Told(
        "Der API-Schlüssel, der Token oder Ihre Rolle erlaubt das nicht.",
        "Bitten Sie die Betreiber dieses Dienstes um einen Schlüssel, einen Token oder eine Rolle, die das erlaubt.",
    ),
    "traffic_not_granted": Told(
        "Der API-Schlüssel der Anfrage gewährt die Verkehrsklasse nicht, die ihre Kopfzeile nennt.",
        "Lassen Sie die Kopfzeile X-Traffic-Class weg, oder verwenden Sie einen Schlüssel für diese Klasse.",
    ),
    "route_not_granted": Told("Niemandem wurde erlaubt, diese Adresse zu verwenden.", _TELL_OPERATOR),
    "host_not_local": Told(
        "Ohne Schlüssel antwortet dieses Gateway nur unter den Namen dieses Rechners, wie 127.0.0.1 und localhost.",
        "Verwenden Sie einen dieser Namen, oder bitten Sie die Betreiber dieses Dienstes, Schlüssel einzurichten.",
    ),
    "cross_site_request": Told(
        "Dieses Gateway nimmt an, was seine eigenen Seiten und Programme senden, nicht, was andere Websites senden.",
        "Öffnen Sie die Seite dieses Dienstes und senden Sie es dort.",
    ),
    "identity_provider_unavailable": Told(
        "Der Token kann nicht geprüft werden, weil der Identitätsdienst nicht erreichbar ist.", _TRY_AGAIN
    ),
    "api_keys_unreadable": Told(
        "Der API-Schlüssel kann nicht geprüft werden, weil die Liste der Schlüssel nicht lesbar ist.", _TRY_AGAIN
    ),
    # the photo
    "photo_empty": Told("Das Foto ist leer.", "Wählen Sie ein Foto aus und senden Sie es noch einmal."),
    "photo_too_large": Told(
        "Die Fotodatei ist zu groß.",
        "Senden Sie ein kleineres Foto, zum Beispiel mit geringerer Auflösung der Kamera.",
    ),
    "photo_too_many_pixels": Told(
        "Das Foto hat zu viele Bildpunkte.",
        "Senden Sie ein Foto mit höchstens 50 Megapixeln als JPEG, oder 16 Megapixeln in einem anderen Format.",
    ),
    "photo_unsupported": Told(
        "Dieses Fotoformat kann hier nicht gelesen werden.", "Senden Sie ein Foto als JPEG, PNG oder WebP."
    ),
    "photo_animated": Told(
        "Das ist eine Animation und kein einzelnes Foto.", "Senden Sie ein einzelnes, unbewegtes Foto."
    ),
    "photo_unreadable": Told(
        "Die Fotodatei ist beschädigt oder unvollständig.",
        "Exportieren Sie das Foto neu, oder nehmen Sie ein neues auf, und senden Sie die neue Datei.",
    ),
    "no_face": Told(
        "In diesem Foto wurde kein Gesicht gefunden.",
        "Senden Sie ein Foto mit einem Gesicht, das zur Kamera blickt und mindestens ein Viertel der Bildbreite füllt.",
    ),
    "several_faces": Told(
        "In diesem Foto wurde mehr als ein Gesicht gefunden.", "Senden Sie ein Foto, das nur einen Menschen zeigt."
    ),
    "face_too_small": Told(
        "Das Gesicht ist in diesem Foto zu klein.",
        "Gehen Sie näher an die Kamera, oder senden Sie das Foto in voller Auflösung.",
    ),
    "face_turned": Told("Das Gesicht ist von der Kamera abgewandt.", "Blicken Sie gerade in die Kamera."),
    "face_cut_off": Told(
        "Ein Teil des Gesichts liegt außerhalb des Fotos.",
        "Lassen Sie das ganze Gesicht, von der Stirn bis zum Kinn, im Bild.",
    ),
    "too_dark": Told(
        "Das Gesicht ist in diesem Foto zu dunkel.",
        "Nehmen Sie das Foto bei gleichmäßigem Licht auf, mit dem Gesicht zum Licht.",
    ),
    "too_bright": Told(
        "Das Gesicht ist in diesem Foto zu hell.", "Vermeiden Sie Blitz und direktes Sonnenlicht im Gesicht."
    ),
    "too_blurred": Told(
        "Das Gesicht ist in diesem Foto zu unscharf.",
        "Halten Sie die Kamera ruhig, reinigen Sie die Linse und stellen Sie auf das Gesicht scharf.",
    ),
    # the request
    "request_malformed": Told(
        "Die Anfrage konnte nicht verstanden werden.", "Vergleichen Sie die Anfrage mit der Beschreibung der API."
    ),
    "address_too_long": Told(
        "Die Adresse der Anfrage ist zu lang.", "Fotos werden im Rumpf der Anfrage an /v1/screenings gesendet."
    ),
    "headers_too_large": Told(
        "Die Kopfzeilen der Anfrage sind zu groß.",
        "Senden Sie weniger oder kürzere Kopfzeilen, im Browser weniger Cookies.",
    ),
    "route_unknown": Told(
        "Unter dieser Adresse gibt es nichts.",
        "Fotos werden an /v1/screenings gesendet; die Seite zum Hochladen ist unter /.",
    ),
    "method_not_allowed": Told(
        "Diese Adresse nimmt diese HTTP-Methode nicht an.", "Die Kopfzeile Allow nennt die Methoden, die sie annimmt."
    ),
    "photo_missing": Told(
        "Die Anfrage enthält kein Foto.",
        "Wählen Sie ein Foto aus; Programme senden es als Formularteil 'photo' oder als Rumpf mit seinem Bildtyp.",
    ),
    "too_many_parts": Told(
        "Die Anfrage enthält mehr als ein Foto, oder Formularfelder, die hier nicht verwendet werden.",
        "Senden Sie genau ein Foto.",
    ),
    "parameter_invalid": Told(
        "Ein Parameter der Anfrage hat einen Wert, den er nicht haben kann.",
        "Berichtigen Sie den Parameter; /reference beschreibt, was jeder enthalten darf.",
    ),
    "idempotency_key_reused": Told(
        "Dieser Idempotency-Key wurde schon für eine andere Anfrage verwendet.",
        "Verwenden Sie für jede neue Anfrage einen neuen Schlüssel und denselben nur, um eine zu wiederholen.",
    ),
    "idempotency_in_progress": Told(
        "Die erste Anfrage mit diesem Idempotency-Key wird noch beantwortet.",
        "Bitte wiederholen Sie die Anfrage gleich noch einmal.",
    ),
    "body_type_unsupported": Told(
        "Der Inhalt der Anfrage ist nicht von der Art, die diese Adresse nimmt.",
        "Senden Sie application/json; Formulare senden application/x-www-form-urlencoded. Ohne Content-Encoding.",
    ),
    "body_malformed": Told(
        "Der Inhalt der Anfrage ist nicht lesbar.",
        "Senden Sie ein JSON-Objekt in UTF-8, das jedes seiner Glieder nur einmal nennt.",
    ),
    "body_too_large": Told(
        "Der Inhalt der Anfrage ist zu groß.", "Senden Sie nur, was für diese Adresse beschrieben ist."
    ),
    "upload_malformed": Told(
        "Die Übertragung ist beschädigt: Ihre Teile lassen sich nicht unterscheiden.",
        "Senden Sie das Foto noch einmal; Programme sollten prüfen, wie sie mehrteilige oder gestückelte Rümpfe bilden.",
    ),
    "upload_type_unsupported": Told(
        "Die Übertragung ist weder ein Formular noch ein Bild.",
        "Senden Sie multipart/form-data mit einem Teil namens 'photo', oder das Bild selbst mit seinem Typ, etwa image/jpeg.",
    ),
    "upload_timed_out": Told(
        "Das Foto ist nicht rechtzeitig angekommen.",
        "Prüfen Sie die Verbindung und senden Sie das Foto noch einmal, oder senden Sie ein kleineres.",
    ),
    "upload_interrupted": Told(
        "Die Übertragung endete, bevor das Foto vollständig war.",
        "Prüfen Sie die Verbindung und senden Sie das Foto noch einmal.",
    ),
    "explanation_not_available": Told(
        "Die Modellversion im Dienst kann ihre Antworten nicht erklären.",
        "Senden Sie das Foto noch einmal, ohne um eine Erklärung zu bitten.",
    ),
    "client_rate_exceeded": Told(
        "Von hier kamen in kurzer Zeit zu viele Anfragen.",
        "Fragen Sie seltener; die Kopfzeile Retry-After sagt, in wie vielen Sekunden die nächste Anfrage angenommen wird.",
    ),
    # load
    "wait_too_long": Told("Zu viele Fotos warten darauf, betrachtet zu werden.", _TRY_AGAIN),
    "connections_full": Told("Zurzeit sind zu viele Verbindungen offen.", _TRY_AGAIN),
    "gateway_stopping": Told("Dieser Dienst wird gerade beendet.", _TRY_AGAIN),
    "records_unavailable": Told(
        "Die Aufzeichnung der Antwort kann zurzeit nicht geschrieben oder gelesen werden.", _TRY_AGAIN
    ),
    "records_off": Told(
        "Hier werden Antworten nicht aufbewahrt, frühere sind also nicht zu lesen.",
        "Bewahren Sie die Antwort auf, wenn sie gegeben wird.",
    ),
    "screening_unknown": Told(
        "Zu dieser Kennung gibt es keine Antwort.", "Prüfen Sie die Kennung; sie steht in der Antwort unter „id“."
    ),
    "view_not_given": Told(
        "Dieser Punktwert wird gezeigt, nachdem Sie gesagt haben, welchen Bereich Sie erwarten.",
        "Sagen Sie es auf der Seite, die zu dieser Antwort gehört, oder senden Sie das Foto noch einmal.",
    ),
    "view_given_already": Told(
        "Sie haben diese Antwort schon beurteilt. Der erwartete Bereich lässt sich also nicht mehr angeben oder ändern.",
        "Sagen Sie, ob Sie der Antwort zustimmen.",
    ),
    "outcome_unknown": Told(
        "Es gibt keinen Wert dieses Fragebogens, der zurückzunehmen wäre.",
        "Prüfen Sie die Belegnummer und den Fragebogen.",
    ),
    "screening_paused": Told(
        "Die Bewertung von Fotos ist angehalten.",
        "Es wird kein Punktwert gegeben, bis ein Mensch nachgesehen hat. Bitte kommen Sie ohne aus, oder versuchen Sie es später.",
    ),
    "gateway_overloaded": Told("Zurzeit werden zu viele Fotos betrachtet.", _TRY_AGAIN),
    "upload_memory_full": Told("Zurzeit werden zu viele Fotos empfangen.", _TRY_AGAIN),
    "deadline_passed": Told("Das Foto hat zu lange gewartet, bis es an der Reihe war.", _TRY_AGAIN),
    # the model
    "model_not_pinned": Told("Es wurde noch keine Modellversion in Dienst gestellt.", _TELL_OPERATOR),
    "model_pin_invalid": Told(
        "Die Aufzeichnung, welche Modellversion im Dienst ist, kann nicht gelesen werden.", _TELL_OPERATOR
    ),
    "model_incompatible": Told(
        "Die Modellversion im Dienst wurde für eine andere Vorbereitung von Fotos gemacht, als sie hier geschieht.",
        _TELL_OPERATOR,
    ),
    "policy_incompatible": Told(
        "Das Regelwerk im Dienst wurde für eine andere Stabilitätsprüfung gewählt, als sie hier geschieht.",
        _TELL_OPERATOR,
    ),
    "demo_model_refused": Told(
        "Die Modellversion im Dienst ist eine Demonstration, die hier nicht verwendet werden darf.", _TELL_OPERATOR
    ),
    "model_unavailable": Told("Das Modell ist zurzeit nicht verfügbar.", _TRY_AGAIN),
    "model_busy": Told("Das Modell hat zurzeit zu viele Fotos zu betrachten.", _TRY_AGAIN),
    "model_timeout": Told("Das Modell hat nicht rechtzeitig geantwortet.", _TRY_AGAIN),
    "model_version_missing": Told("Die Modellversion im Dienst ist nicht geladen.", _TRY_AGAIN),
    "model_version_mismatch": Told("Eine andere Modellversion hat geantwortet als die im Dienst.", _TELL_OPERATOR),
    "model_rejected": Told("Das Modell konnte mit dem vorbereiteten Foto nicht arbeiten.", _TELL_OPERATOR),
    "model_answer_invalid": Told("Das Modell hat etwas geantwortet, das keine Wahrscheinlichkeit ist.", _TELL_OPERATOR),
    # ours
    "internal_error": Told("Auf unserer Seite ist etwas schiefgegangen.", _TELL_OPERATOR),
}

_MAY_HAVE_BEEN_WRONG: Final = "Kurz zuvor gegebene Antworten können falsch gewesen sein."
PAUSES: Final = {
    "operator": "Die Bewertung von Fotos wurde von den Betreibern dieses Dienstes angehalten.",
    "golden_mismatch": (
        f"Die Bewertung von Fotos hat sich selbst angehalten: Das Modell hat zu bekannten Gesichtern falsch geantwortet. "
        f"{_MAY_HAVE_BEEN_WRONG}"
    ),
    "polarity_reversed": (
        f"Die Bewertung von Fotos hat sich selbst angehalten: Die Antworten des Modells waren ins Gegenteil verkehrt. "
        f"{_MAY_HAVE_BEEN_WRONG}"
    ),
    "digest_mismatch": (
        f"Die Bewertung von Fotos hat sich selbst angehalten: Die Dateien des Modells sind nicht die, die geprüft wurden. "
        f"{_MAY_HAVE_BEEN_WRONG}"
    ),
    "state_unreadable": (
        "Die Bewertung von Fotos ist angehalten: Die Aufzeichnung, die sagt, ob sie weitergehen darf, ist nicht lesbar."
    ),
}
"""In place of the detail of `screening_paused`, by class of reason."""
