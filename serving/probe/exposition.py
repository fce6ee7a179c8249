"""The probe's own metrics in Prometheus' text format. By hand: a dozen values, and no dependency beyond the wire's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from serving.probe.device import Device

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from serving.probe.prober import Findings

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
GAUGES: Final = {
    "symmetra_probe_ready": "1 where the pinned version is available and its golden answers are right.",
    "symmetra_probe_busy": "1 where the latest look found the model server too busy to answer.",
    "symmetra_probe_pinned_version": "Number of the version that must answer; 0 where none is pinned.",
    "symmetra_probe_golden_largest_difference": "Largest |p - expected| of the latest golden crops that were answered.",
    "symmetra_probe_golden_tolerance": "How large that may be, by the version's contract.",
    "symmetra_probe_golden_bands_moved": "How many of the latest golden crops got another band than expected.",
    "symmetra_probe_golden_seconds": "How long the latest golden crops took.",
    "symmetra_probe_golden_crops": "How many these were.",
    "symmetra_probe_last_success_timestamp_seconds": "When everything was last found right; 0 before the first time.",
    "symmetra_probe_gpu_missing": "1 where a GPU was asked for and the model certainly runs on the CPU.",
    "symmetra_probe_server_metrics_up": "1 where the model server's own metrics are on this page.",
}
DEVICE: Final = "symmetra_probe_device"
LOOKS: Final = "symmetra_probe_looks_total"


def write_exposition(findings: Findings, *, server_metrics_up: bool) -> str:
    """The probe's part of the page.

    Args:
        findings: What the probe knows.
        server_metrics_up: Whether the model server's own part is there.
    """
    golden, device = findings.golden, findings.device
    values = {
        "symmetra_probe_ready": findings.readiness.ready,
        "symmetra_probe_busy": findings.readiness.busy,
        "symmetra_probe_pinned_version": findings.pinned_version or 0,
        "symmetra_probe_golden_largest_difference": math.nan if golden is None else golden.largest_p_difference,
        "symmetra_probe_golden_tolerance": math.nan if golden is None else golden.tolerance,
        "symmetra_probe_golden_bands_moved": math.nan if golden is None else golden.bands_moved,
        "symmetra_probe_golden_seconds": math.nan if findings.golden_seconds is None else findings.golden_seconds,
        "symmetra_probe_golden_crops": 0 if golden is None else golden.crops,
        "symmetra_probe_last_success_timestamp_seconds": findings.last_right or 0,
        "symmetra_probe_gpu_missing": device.gpu_missing,
        "symmetra_probe_server_metrics_up": server_metrics_up,
    }
    lines = [line for name, says in GAUGES.items() for line in _family(name, "gauge", says, [("", values[name])])]
    says = "Looks at the model server, by what they found."
    lines += _family(
        LOOKS, "counter", says, ((f'{{outcome="{outcome}"}}', count) for outcome, count in findings.counts.items())
    )
    says = "1 for the device that was asked for and the one that is used."
    lines += _family(
        DEVICE, "gauge", says, ((f'{{asked="{device.asked}",used="{used}"}}', used is device.used) for used in Device)
    )
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, says: str, samples: Iterable[tuple[str, float]]) -> Iterator[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield f"{name}{labels} {_number(value)}"


def _number(value: float) -> str:
    return "NaN" if math.isnan(value) else repr(float(value))
