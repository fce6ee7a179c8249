"""German sentences of single occurrences, with their figures, and their advice, by the English ones."""

from __future__ import annotations

from typing import Final

OCCURRENCES: Final = {
    # access
    "The notice of this site was not confirmed for this photo, or its words have changed since; version {version} is in force.": (
        "Der Hinweis dieses Hauses wurde für dieses Foto nicht bestätigt, oder sein Wortlaut hat sich seitdem geändert; in Kraft ist "
        "Version {version}."
    ),
    "This site has no notice to confirm, and the request confirms one.": (
        "Dieses Haus hat keinen Hinweis zu bestätigen, und die Anfrage bestätigt einen."
    ),
    "The API key, the token or your role does not allow this: it lacks the scope {scope}.": (
        "Der API-Schlüssel, der Token oder Ihre Rolle erlaubt das nicht: Es fehlt die Berechtigung {scope}."
    ),
    # the photo
    "The photo file has {bytes} bytes; {most} are allowed.": "Die Fotodatei hat {bytes} Bytes; erlaubt sind {most}.",
    "The photo has {pixels} pixels; {most} are allowed as {format}.": (
        "Das Foto hat {pixels} Bildpunkte; als {format} sind {most} erlaubt."
    ),
    "There is not enough memory to decode this photo.": "Der Speicher reicht nicht aus, um dieses Foto zu lesen.",
    "Decoding this photo would take {wanted} MiB of memory; {most} MiB are allowed.": (
        "Dieses Foto zu lesen würde {wanted} MiB Speicher brauchen; erlaubt sind {most} MiB."
    ),
    "The photo file holds a second file of another kind.": "Die Fotodatei enthält eine zweite Datei anderer Art.",
    "The photo file has more than {most} scans.": "Die Fotodatei hat mehr als {most} Durchgänge.",
    "The photo file has more than {most} parts.": "Die Fotodatei hat mehr als {most} Teile.",
    "This is a {format} file, which is not read here.": "Das ist eine Datei der Art {format}, die hier nicht gelesen wird.",
    "This JPEG is lossless, hierarchical or arithmetic-coded, which is not read here.": (
        "Dieses JPEG ist verlustfrei, hierarchisch oder arithmetisch kodiert und wird hier nicht gelesen."
    ),
    "This JPEG has {bits} bits per colour, which is not read here.": (
        "Dieses JPEG hat {bits} Bit je Farbe und wird hier nicht gelesen."
    ),
    "The face is too small in this photo: {pixels} pixels between the eyes, {least} are needed.": (
        "Das Gesicht ist in diesem Foto zu klein: {pixels} Bildpunkte zwischen den Augen, nötig sind {least}."
    ),
    # what to do about a photo
    "On an iPhone choose Settings > Camera > Formats > Most Compatible and take the photo again, or export this one as JPEG.": (
        "Wählen Sie auf einem iPhone Einstellungen > Kamera > Formate > Maximale Kompatibilität und nehmen Sie das Foto noch einmal "
        "auf, oder exportieren Sie dieses als JPEG."
    ),
    "Export the photo as JPEG, PNG or WebP.": "Exportieren Sie das Foto als JPEG, PNG oder WebP.",
    "Export the photo from your DICOM viewer as JPEG or PNG.": (
        "Exportieren Sie das Foto aus Ihrem DICOM-Betrachter als JPEG oder PNG."
    ),
    "Send the original photo as JPEG, PNG or WebP.": "Senden Sie das ursprüngliche Foto als JPEG, PNG oder WebP.",
    "Save the photo as PNG or JPEG.": "Speichern Sie das Foto als PNG oder JPEG.",
    "Export the photo as JPEG or PNG; camera raw files need to be developed first.": (
        "Exportieren Sie das Foto als JPEG oder PNG; Rohdateien einer Kamera müssen zuerst entwickelt werden."
    ),
    "Export the photo as JPEG or PNG.": "Exportieren Sie das Foto als JPEG oder PNG.",
    "Send a photo, not a drawing or a page.": "Senden Sie ein Foto, keine Zeichnung und keine Seite.",
    "Send the photo itself, not a document that contains it.": (
        "Senden Sie das Foto selbst, kein Dokument, in dem es enthalten ist."
    ),
    "Unpack the archive and send one photo.": "Entpacken Sie das Archiv und senden Sie ein einzelnes Foto.",
    "Send a still photo.": "Senden Sie ein unbewegtes Foto.",
    "Export the photo as an ordinary JPEG.": "Exportieren Sie das Foto als gewöhnliches JPEG.",
    "Export the photo as an ordinary 8-bit JPEG.": "Exportieren Sie das Foto als gewöhnliches JPEG mit 8 Bit.",
    # the request
    "'{name}' must be 1 to 128 visible ASCII characters.": "„{name}“ muss aus 1 bis 128 sichtbaren ASCII-Zeichen bestehen.",
    "'{name}' and the header {header} name two different subjects.": (
        "„{name}“ und die Kopfzeile {header} nennen zwei verschiedene Personen."
    ),
    "'{name}' is there more than once.": "„{name}“ kommt mehr als einmal vor.",
    "'{name}' must be true or false.": "„{name}“ muss true oder false sein.",
    "'{name}' must be an opaque pseudonym: 1 to {most} letters, digits or one of . _ : -": (
        "„{name}“ muss ein Pseudonym sein, das nichts verrät: 1 bis {most} Buchstaben, Ziffern oder eines der Zeichen . _ : -"
    ),
    # reviews and outcomes
    "'{name}' is missing.": "„{name}“ fehlt.",
    "'{name}' must be one of {values}.": "„{name}“ muss eines davon sein: {values}.",
    "'{name}' is needed to disagree, and for nothing else.": "„{name}“ gehört zu einem Widerspruch und zu nichts anderem.",
    "'{name}' speaks of a band, and this answer has none.": (
        "„{name}“ spricht von einem Bereich, und diese Antwort nennt keinen."
    ),
    "'{name}' must be a whole number from 0 to {most}.": "„{name}“ muss eine ganze Zahl von 0 bis {most} sein.",
    "'{name}' must be a date, like {example}.": "„{name}“ muss ein Datum sein, etwa {example}.",
    "'{name}' goes with a score, and a score with it.": "„{name}“ gehört zu einem Wert, und ein Wert dazu.",
    "'{name}' lies in the future.": "„{name}“ liegt in der Zukunft.",
    "'{name}' lies more than {days} days before the answer.": "„{name}“ liegt mehr als {days} Tage vor der Antwort.",
    "The body has a member that is not used here.": "Der Inhalt hat ein Glied, das hier nicht verwendet wird.",
    # the model
    "version {answered} answered, version {asked} was asked": (
        "Version {answered} hat geantwortet, gefragt wurde Version {asked}."
    ),
}
"""Whatever is not here is told in the sentences of its code (`gateway.languages.de_problems`)."""
