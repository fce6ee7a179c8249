"""What a soak showed, as JSON, as a table and as a picture."""

import json
import statistics
from pathlib import Path

from matplotlib.figure import Figure

SETTLED_SECONDS = 180.0
"""Caches, pools and arenas fill first; from then on nothing should grow."""
MEASURES = {
    "gateway_resident": "gateway, resident MiB",
    "gateway_threads": "gateway, threads",
    "gateway_files": "gateway, open files",
    "gateway_series": "gateway, metric series",
    "server_resident": "model server, resident MiB",
    "server_threads": "model server, threads",
    "server_files": "model server, open files",
}


def write_soak_report(report: dict, folder: Path) -> None:
    """Write `soak.json`, `soak.md` and `soak.png`; `flat` is added to the report."""
    settled = [sample for sample in report["samples"] if sample["at"] >= SETTLED_SECONDS]
    third = len(settled) // 3
    report["flat"] = {
        name: {
            "first_third": statistics.median(sample[name] for sample in settled[:third]),
            "last_third": statistics.median(sample[name] for sample in settled[-third:]),
            "largest": max(sample[name] for sample in settled),
        }
        for name in (MEASURES if third else ())
    }
    (folder / "soak.json").write_text(json.dumps(report) + "\n")
    (folder / "soak.md").write_text(_table(report))
    _picture(report).savefig(folder / "soak.png", dpi=100)


def _table(report: dict) -> str:
    machine = report["machine"]
    lines = [
        f"# {report['minutes']} minutes at {report['share']:.0%} of the throughput",
        "",
        f"{report['at']}, {machine['cores']} cores of {machine['cpu']}, load before {machine['load_before']:.1f}. Receipts in SQLite, a sentinel",
        f"every 10 s, one photo in twenty without a face. {report['rate']:.1f} photos a second of {report['closed_loop_photos_per_second']:.1f} in a closed loop.",
        f"Answers by status: {report['statuses']} (422 are the photos without a face).",
        "",
        f"Medians of the first and the last third of what came after the first {SETTLED_SECONDS:.0f} s.",
        "",
        "| measure | first third | last third | last / first | largest |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in report["flat"].items():
        first, last = row["first_third"], row["last_third"]
        lines.append(f"| {MEASURES[name]} | {first:.4g} | {last:.4g} | {last / first:.3f} | {row['largest']:.4g} |")
    lines += ["", "Threads step up with the most calls that were ever in flight at once; the pools bound them."]
    return "\n".join(lines) + "\n"


def _picture(report: dict) -> Figure:
    figure = Figure(figsize=(9, 10), layout="constrained")
    axes = figure.subplots(len(MEASURES), sharex=True)
    minutes = [sample["at"] / 60 for sample in report["samples"]]
    for axis, (name, words) in zip(axes, MEASURES.items(), strict=True):
        axis.plot(minutes, [sample[name] for sample in report["samples"]], linewidth=1)
        axis.set_title(words, loc="left", fontsize=9)
        axis.set_ylim(0, 1.1 * max(sample[name] for sample in report["samples"]))
    axes[-1].set_xlabel("minutes")
    return figure
