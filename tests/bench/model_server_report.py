"""Cells of the model server's benchmark to JSON, a Markdown table and a picture."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

MODES = {"unbatched": None, "greedy": 0, "waiting": 2000}
"""Mode -> batch_timeout_micros; None where nothing is batched."""
TITLES = {"unbatched": "no batching", "greedy": "greedy batches", "waiting": "batches wait 2 ms"}
COLORS = {"unbatched": "#666666", "greedy": "#0b6e99", "waiting": "#c4551a"}
NOTHING = "nothing"
FIGURES = (
    "per_second",
    "p50_milliseconds",
    "p99_milliseconds",
    "cpu_milliseconds",
    "user_cpu_milliseconds",
    "rows_per_run",
    "runs_in_progress",
)
NAME = "model_server"


def write_report(report: dict, folder: Path) -> str:
    """Write `model_server.{json,md,png}` and return the table."""
    rows = summarise(report["cells"])
    table = render(report, rows)
    content = report | {"summary": rows}
    (folder / f"{NAME}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / f"{NAME}.md").write_text(table, encoding="utf-8")
    draw(rows, folder / f"{NAME}.png")
    return table


def summarise(cells: list[dict]) -> list[dict]:
    """Medians over the rounds, with the share of a call's CPU time that is TensorFlow's."""
    groups: dict[tuple, list[dict]] = {}
    for cell in cells:
        groups.setdefault((cell["model"], cell["mode"], cell["clients"]), []).append(cell)
    medians = {
        key: {name: statistics.median(cell[name] for cell in group) for name in FIGURES}
        for key, group in groups.items()
    }
    rows = []
    for (model, mode, clients), figures in medians.items():
        own = medians[NOTHING, mode, clients]["cpu_milliseconds"]
        rows.append(
            {"model": model, "mode": mode, "clients": clients, "rounds": len(groups[model, mode, clients])}
            | figures
            | {
                "failed": sum(cell["failed"] for cell in groups[model, mode, clients]),
                "server_cpu_milliseconds": own,
                "tensorflow_share": max(0.0, 1 - own / figures["cpu_milliseconds"]),
            }
        )
    return sorted(rows, key=lambda row: (row["model"], list(MODES).index(row["mode"]), row["clients"]))


def render(report: dict, rows: list[dict]) -> str:
    """The tables, as Markdown."""
    about = report["about"]
    flags = ", ".join(f"`{flag}`" for flag in about["server_flags"]) or "none"
    setting = (
        f"{about['at']}, commit {about['commit']}; {about['cores']} cores of {about['cpu']} "
        f"({', '.join(about['features'])}), load average before the run {about['load_average_before']:.1f}; flags beside "
        f"those of the modes: {flags}. Closed loop, one crop per call, clients in a process of their own on the same cores; "
        f"{about['rounds']} rounds of {about['seconds']} s per cell, all cells taking turns; medians over rounds. "
        "CPU is that of the server's process per call; *of it TensorFlow* is what remains without the CPU that a version "
        "takes which computes nothing, with the same tensors, mode and clients."
    )
    head = "version | mode | clients | images/s | p50 ms | p99 ms | CPU ms per call | of it user | of it TensorFlow | rows per run | failed"
    lines = ["# The embedded model server over gRPC", "", setting, "", f"| {head} |", "| --- " * 11 + "|"]
    lines += [
        f"| {row['model']} | {TITLES[row['mode']]} | {row['clients']} | {row['per_second']:.0f} | "
        f"{row['p50_milliseconds']:.1f} | {row['p99_milliseconds']:.1f} | {row['cpu_milliseconds']:.2f} | {row['user_cpu_milliseconds']:.2f} | "
        f"{'-' if row['model'] == NOTHING else format(row['tensorflow_share'], '.0%')} | {row['rows_per_run']:.1f} | "
        f"{row['failed']} |"
        for row in rows
    ]
    lines += [
        "",
        "| version | golden crops | bfloat16 against float32, largest abs. dp | float32 against golden |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['version']} | {row['crops']} | {row['bfloat16_to_float32']:.1e} | {row['float32_to_golden']:.1e} |"
        for row in report["differences"]
    ]
    lines += [
        "",
        "| one version alone | start to first answer, s | resident MiB then | after 300 answers |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['model']} | {row['seconds_to_first_answer']:.1f} | {row['resident_mebibytes_at_first_answer']:.0f} | "
        f"{row['resident_mebibytes_after_300_answers']:.0f} |"
        for row in report["starts"]
    ]
    lines += ["", *ratios(rows)]
    return "\n".join(lines) + "\n"


def ratios(rows: list[dict]) -> list[str]:
    """The comparisons that the bars ask for, as sentences."""
    speed = {(row["model"], row["mode"], row["clients"]): row["per_second"] for row in rows}
    cpu = {(row["model"], row["mode"], row["clients"]): row["cpu_milliseconds"] for row in rows}
    most = max(row["clients"] for row in rows)
    lines = []
    for name in sorted({row["model"].removesuffix("-float32") for row in rows if row["model"].endswith("-float32")}):
        for mode, title in TITLES.items():
            exact, rounded = (f"{name}-float32", mode, most), (f"{name}-bfloat16", mode, most)
            lines.append(
                f"- {name}, {title}, {most} clients: bfloat16 answers {speed[rounded] / speed[exact]:.2f} times as many as "
                f"float32, for {cpu[rounded] / cpu[exact]:.2f} times the CPU per call."
            )
        greedy, waiting = ((f"{name}-float32", mode, most) for mode in ("greedy", "waiting"))
        lines.append(
            f"- {name}, float32, {most} clients: greedy answers {speed[greedy] / speed[waiting]:.2f} times as many as waiting 2 ms."
        )
    return lines


def draw(rows: list[dict], path: Path) -> None:
    """Throughput above, p99 below; one column per version, one line per mode."""
    models = sorted({row["model"] for row in rows if row["model"] != NOTHING})
    figure, axes = plt.subplots(
        2, len(models), figsize=(3.2 * len(models), 6), sharex=True, sharey="row", squeeze=False
    )
    for column, model in enumerate(models):
        for mode, title in TITLES.items():
            points = [row for row in rows if row["model"] == model and row["mode"] == mode]
            for axis, name in zip(axes[:, column], ("per_second", "p99_milliseconds"), strict=True):
                axis.plot(
                    [row["clients"] for row in points],
                    [row[name] for row in points],
                    "o-",
                    color=COLORS[mode],
                    label=title,
                )
        axes[0, column].set_title(model)
        axes[1, column].set_xlabel("clients")
        axes[1, column].set_xscale("log", base=2)
        ticks = sorted({row["clients"] for row in rows})
        axes[1, column].set_xticks(ticks, [str(tick) for tick in ticks])
    axes[0, 0].set_ylabel("images per second")
    axes[1, 0].set_ylabel("p99, milliseconds")
    axes[0, 0].legend(fontsize=8)
    for axis in axes.flat:
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)
