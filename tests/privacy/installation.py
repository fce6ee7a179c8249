"""Marked photos through an installation, and what its operator then looks for. Standard library and Pillow only.

Drawn faces, marked as on this machine, go to the address that is named, with the key that is named; nothing else is sent, nothing
is changed, and nothing is read back but the answers. What comes back is searched here; logs, databases and disks are the
operator's to search, with the commands that are printed.
"""

from __future__ import annotations

import base64
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import SplitResult, urlsplit

from tests.privacy.encodings import forms_of_bytes, forms_of_text
from tests.privacy.marked_photos import MarkedPhoto, marked_photos, refused_photos
from tests.privacy.marked_requests import Answer, Request, form_screening, odd_requests, raw_screening, send
from tests.privacy.markers import Markers

USAGE: Final = 2
ODD_REQUESTS: Final = 12
"""Of `odd_requests`: those that an installation refuses or only reads for."""
PIECE_BYTES: Final = 48
PIECES_PER_PHOTO: Final = 3
PORTS: Final = {"http": 80, "https": 443}


def mark_installation(target: str, key_file: Path | None, ca_file: Path | None, out: TextIO) -> int:
    """Send marked photos to an installation, and print what to search for; returns the exit code.

    Args:
        target: Its address. Beyond this machine only https is taken.
        key_file: One API key or bearer token; none for a gateway on loopback without keys.
        ca_file: Certificates that it is trusted by; the system's where there is none.
        out: Where the sentences go.
    """
    address = urlsplit(target)
    mistake = _mistake(address)
    if mistake:
        out.write(f"{mistake}\n")
        return USAGE
    try:
        headers = (
            {} if key_file is None else {"Authorization": f"Bearer {key_file.read_text(encoding='ascii').strip()}"}
        )
        tls = ssl.create_default_context(cafile=ca_file) if address.scheme == "https" else None
    except (OSError, ValueError) as error:
        out.write(f"The key file or the CA file cannot be read: {type(error).__name__}\n")
        return USAGE
    markers = Markers.fresh()
    photos, refused = marked_photos(markers), refused_photos(markers)
    out.write(f"Sending {len(photos) + len(refused)} marked photos of drawn faces to {target}\n")
    answers = [_ask(address, tls, request) for request in _requests(photos, refused, markers, headers)]
    answered = sum(answer.status == 200 for answer in answers)
    echoed = sorted({name for answer in answers for name in _found_in(answer, markers)})
    out.write(f"{len(answers)} requests; answers by status: {_by_status(answers)}\n")
    if echoed:
        out.write(f"RED: an answer repeats what was sent: {', '.join(echoed)}\n")
    if not answered:
        out.write(
            "RED: no photo was answered, so what follows would prove little: look at the key and at the address\n"
        )
    out.write(instructions(markers, photos))
    return 0 if answered and not echoed else 1


def instructions(markers: Markers, photos: Sequence[MarkedPhoto]) -> str:
    """What to run where the installation keeps things, and what a hit means."""
    words = search_strings(markers, photos)
    pattern = "\n".join(words)
    return f"""
Now look for these strings wherever this installation keeps anything. One hit is a leak; none is what this proof wants.

1. On any machine, as `symmetra-markers.txt`:

cat > symmetra-markers.txt <<'END'
{pattern}
END

2. Logs and files of the gateway, of the ingress, of the proxies, of the nodes, of the model server:

grep -rlaF -f symmetra-markers.txt /var/log /var/lib /var/tmp /tmp /dev/shm
journalctl --since -1h --output cat | grep -aF -f symmetra-markers.txt
kubectl logs --all-containers --since 1h --selector app.kubernetes.io/name=symmetra --namespace NAMESPACE | grep -aF -f symmetra-markers.txt
coredumpctl list --since -1h      # there must be none of the gateway or of the model server
zgrep -laF -f symmetra-markers.txt /var/log/*.gz

3. The site's log store and its traces, by the beginning that all words share:

{markers.family}

4. The metrics, and Prometheus:

curl -s http://GATEWAY:9108/metrics | grep -F -f symmetra-markers.txt
curl -sg 'http://PROMETHEUS/api/v1/series?match[]={{__name__=~".%2B"}}' | grep -F -f symmetra-markers.txt

5. The records (as whoever may read them), and a backup of them:

pg_dump DATABASE | grep -aF -f symmetra-markers.txt
grep -rlaF -f symmetra-markers.txt "$PGDATA"        # heap, write-ahead log and the server's log
grep -laF -f symmetra-markers.txt receipts.db receipts.db-wal BACKUP

What may be found: the address {markers.address} in the log of an ingress or a proxy that believes `X-Forwarded-For`, or in its
trace of client addresses; and `User-Agent`, `Referer` and the query in an ingress' access log. Symmetra writes none of them; an ingress
does unless it is told not to (tell it: they are data about people). A receipt holds keyed digests, which these strings do not find.
"""


def search_strings(markers: Markers, photos: Sequence[MarkedPhoto]) -> list[str]:
    """One a line, for `grep -F`: the words' common beginning in every form that is text, the address, and pieces of the photos as base64."""
    found: set[str] = {markers.address}
    for patterns in forms_of_text(markers.family.encode()).values():
        found |= {pattern.decode() for pattern in patterns if pattern.isascii() and b"\0" not in pattern}
    for photo in photos:
        step = len(photo.content) // (PIECES_PER_PHOTO + 1)
        for number in range(1, PIECES_PER_PHOTO + 1):
            # As a multiple of three bytes from the beginning of the file, so that base64 of the file has it as it is.
            at = number * step // 3 * 3
            found.add(base64.b64encode(photo.content[at : at + PIECE_BYTES]).decode())
    return sorted(found)


def _requests(
    photos: Sequence[MarkedPhoto], refused: Sequence[MarkedPhoto], markers: Markers, headers: dict[str, str]
) -> list[Request]:
    requests = []
    for photo in (*photos, *refused):
        requests += [raw_screening(photo, markers, **headers), form_screening(photo, markers, **headers)]
    odd = odd_requests(photos[0], markers)[:ODD_REQUESTS]
    return requests + [Request(each.method, each.path, each.body, each.headers | headers) for each in odd]


def _ask(address: SplitResult, tls: ssl.SSLContext | None, request: Request) -> Answer:
    port = address.port or PORTS[address.scheme]
    return send(address.hostname or "", port, request, tls=tls, base_path=address.path.rstrip("/"))


def _mistake(address: SplitResult) -> str | None:
    if address.scheme not in PORTS or not address.hostname:
        return "TARGET must be an address such as https://symmetra.example"
    if address.username or address.query or address.fragment:
        return "TARGET must hold nothing but the address: the key comes from KEY_FILE"
    if address.scheme == "http" and not _is_loopback(address.hostname):
        return "TARGET must begin with https: over plain http a key would be read on the way; http is for this machine only"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _found_in(answer: Answer, markers: Markers) -> list[str]:
    found = []
    for name, word in markers.literals().items():
        forms = forms_of_text(word) if word.isascii() else forms_of_bytes(word)
        if any(pattern in answer.content for patterns in forms.values() for pattern in patterns):
            found.append(name)
    return found


def _by_status(answers: Sequence[Answer]) -> str:
    counts: dict[int, int] = {}
    for answer in answers:
        counts[answer.status] = counts.get(answer.status, 0) + 1
    return ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(counts.items()))
