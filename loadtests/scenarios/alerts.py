"""Which alerts and receivers there are: read from the committed rules and routes, as files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MONITORING: Final = Path(__file__).resolve().parents[2] / "monitoring"
RULE_FILES: Final = "rules/*.rules.yaml"
ROUTES_FILE: Final = "alertmanager/alertmanager.yml"
ALWAYS_FIRING: Final = "DeadMansSwitch"


@dataclass(frozen=True, slots=True)
class Known:
    """What the site's monitoring can tell.

    Attributes:
        alerts: Names, but for the one that always fires.
        receivers: Who can be told.
    """

    alerts: frozenset[str]
    receivers: frozenset[str]


def read_known(folder: Path = MONITORING) -> Known:
    """Read the rules and the routes.

    Raises:
        OSError: A file cannot be read.
    """
    rules = "\n".join(path.read_text() for path in sorted(folder.glob(RULE_FILES)))
    alerts = frozenset(re.findall(r"^\s*- alert: (\w+)$", rules, flags=re.MULTILINE)) - {ALWAYS_FIRING}
    receivers = (folder / ROUTES_FILE).read_text().partition("\nreceivers:\n")[2]
    return Known(alerts, frozenset(re.findall(r"^  - name: (\S+)$", receivers, flags=re.MULTILINE)))
