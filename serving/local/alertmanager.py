"""An Alertmanager for the local stack: the committed routes, with one receiver of ours in place of every address of a site."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from serving.local.ports import LOOPBACK, WatchedPorts

COMMITTED: Final = Path(__file__).resolve().parents[2] / "monitoring" / "alertmanager" / "alertmanager.yml"
"""Read as a file: nothing of monitoring is imported here."""
UNIT_MILLISECONDS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000}


def find_alertmanager() -> str | None:
    """Debian's name, or the one that others give it; None where there is none."""
    return shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


def local_config(committed: str, notices_port: int, times_faster: float) -> str:
    """The committed configuration, for this machine.

    Args:
        committed: Text of `monitoring/alertmanager/alertmanager.yml`.
        notices_port: Where notifications go, each under the name of its receiver.
        times_faster: Waits are so many times shorter.
    """
    routes, _, receivers = committed.partition("\nreceivers:\n")
    routes = re.sub(r"^  smtp_.*\n", "", routes, flags=re.MULTILINE)

    def faster(found: re.Match[str]) -> str:
        return f"{found[1]}{max(1, round(int(found[2]) * UNIT_MILLISECONDS[found[3]] / times_faster))}ms"

    routes = re.sub(r"((?:group_wait|group_interval|resolve_timeout): )(\d+)([smh])\b", faster, routes)
    names = re.findall(r"^  - name: (\S+)$", receivers, flags=re.MULTILINE)
    told = [
        f'  - name: {name}\n    webhook_configs:\n      - url: "http://{LOOPBACK}:{notices_port}/{name}"\n        send_resolved: true\n'
        for name in names
    ]
    return routes + "\nreceivers:\n" + "".join(told)


def alertmanager_command(program: str, config: Path, storage: Path, ports: WatchedPorts) -> list[str]:
    """The command line: loopback only, and alone."""
    return [
        program,
        f"--config.file={config}",
        f"--storage.path={storage}",
        f"--web.listen-address={LOOPBACK}:{ports.alertmanager_port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
