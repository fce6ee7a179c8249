"""What `tests.bench.peers` measured, as a page and a picture."""

import math
from html import escape

ROW_HEIGHT, LEFT, WIDTH = 34, 380, 860


def write_page(report: dict) -> str:
    """Markdown: the machine, the systems, the ratios with their bars."""
    machine, workload = report["machine"], report["workload"]
    features = ", ".join(machine["features"])
    lines = [
        "# The served system beside what most people write\n",
        "`python -m tests.bench.peers --save loadtests/results`. The load generator shares the cores. Ours finds the face where",
        "it says so; the other two never do.\n",
        f"{report['at']}, commit {report['commit']}, {machine['cores']} cores, {machine['cpu']} ({features}),",
        f"load before {machine['load_before']:.1f}; {workload['type']}, {workload['clients']} clients, a photo of {workload['photo']} pixels",
        f"and {workload['photo_bytes']} bytes, {workload['rounds']} rounds of {workload['seconds']:g} s.\n",
    ]
    lines += [*table_of_systems(report), "", *table_of_ratios(report), "\n![photos a second](peers.svg)"]
    return "\n".join(lines) + "\n"


def table_of_systems(report: dict) -> list[str]:
    """What each did, in the medians of its rounds."""
    lines = ["| system | photos/s | p95 ms | cores busy | refused |", "| --- | --- | --- | --- | --- |"]
    for name, row in report["systems"].items():
        figures = (
            f"{row['photos_per_second']:.1f} | {row['p95_milliseconds']:.0f} | {row['busy']:.2f} | {row['refused']}"
        )
        lines.append(f"| {name} | {figures} |")
    return lines


def table_of_ratios(report: dict) -> list[str]:
    """The ratios with how far they can be off, and their bars."""
    lines = [
        "| ratio | median of the rounds | smallest to largest | noise floor | bar |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in report["ratios"].items():
        span = f"{row['smallest']:.2f} to {row['largest']:.2f}"
        floor = "not known" if row["floor"] is None else f"{math.expm1(row['floor']):.0%}"
        lines.append(f"| {name} | {row['median']:.2f} | {span} | {floor} | {judge(row)} |")
    return [*lines, "\nNoise floor: by how much the median of these rounds can be off (`tests/bench/ratios.py`)."]


def judge(row: dict) -> str:
    """The bar, and whether the median reaches it."""
    if row["bar"] is None:
        return "reported"
    return f"{row['bar']:g}: {'met' if row['median'] >= row['bar'] else 'NOT met'}"


def draw_bars(report: dict) -> str:
    """SVG: photos a second of each system, a dot for every round."""
    systems = report["systems"]
    most = max(figures["answered"] / figures["seconds"] for row in systems.values() for figures in row["rounds"])
    scale = (WIDTH - LEFT - 60) / most
    height = ROW_HEIGHT * len(systems) + 40
    title = f"Photos a second, {report['workload']['clients']} clients; bar: median, dots: rounds"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="10" y="20" font-weight="bold">{title}</text>',
    ]
    for number, (name, row) in enumerate(systems.items()):
        top = 34 + number * ROW_HEIGHT
        width = row["photos_per_second"] * scale
        colour = "#1f5f8b" if name.startswith("ours") else "#8a8a8a"
        parts.append(f'<text x="{LEFT - 8}" y="{top + 17}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{LEFT}" y="{top + 3}" width="{width:.1f}" height="20" fill="{colour}"/>')
        parts.extend(
            f'<circle cx="{LEFT + figures["answered"] / figures["seconds"] * scale:.1f}" cy="{top + 13}" r="3" '
            'fill="#e39b1f" stroke="#fff"/>'
            for figures in row["rounds"]
        )
        parts.append(f'<text x="{LEFT + most * scale + 8:.0f}" y="{top + 17}">{row["photos_per_second"]:.1f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
