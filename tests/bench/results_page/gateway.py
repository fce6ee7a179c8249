"""Of the gateway beside others, and of the gateway itself under load."""

import math
import statistics

from loadtests.report.plots import Line, draw_bars, draw_lines
from tests.bench.gateway_shapes import SHAPES, Row
from tests.bench.overload_report import bars_of
from tests.bench.peers import ALIGNED, IN_PROCESS, NAIVE, RATIOS, TWIN, WHOLE
from tests.bench.ratios import ratios_of
from tests.bench.reproduced import NotComparableError, compare
from tests.bench.results_page.section import Bar, Body, Result
from tests.bench.soak_report import MEASURES

SHORT_NAMES = {
    ALIGNED: "ours, aligned",
    WHOLE: "ours, whole",
    TWIN: "twin, whole",
    IN_PROCESS: "one process",
    NAIVE: "naive Flask",
}
REPRODUCED = "all ratios within the floor of both"
PEERS_COMMAND = 'make bench-peers BENCH_ARGS="--save loadtests/results"'


def read_peers(content: dict, _others: dict[str, dict]) -> Body:
    """Ours beside what most people write."""
    systems = content["systems"]
    rates = [
        [each["answered"] / each["seconds"] for each in systems[name]["rounds"]] for name in SHORT_NAMES
    ]  # fmt: skip
    groups = [
        (word, [choose(each) for each in rates])
        for word, choose in (("slowest round", min), ("median", statistics.median), ("fastest round", max))
    ]
    ratios = ratios_of(systems, RATIOS)
    rows = [
        (name, f"{row['median']:.2f}", f"{row['smallest']:.2f} to {row['largest']:.2f}", _floor(row["floor"]))
        for name, row in ratios.items()
    ]
    bars = [
        Bar(f"{name}: {row['median']:.2f}", f"at least {row['bar']:g}", row["median"] >= row["bar"])
        for name, row in ratios.items()
        if row["bar"] is not None
    ]
    return Body(
        [
            "Closed loop; the clients share the cores. Ours finds the face where it says aligned; the other two never do."
        ],
        bars,
        ("ratio", "median of the rounds", "smallest to largest", "noise floor"),
        rows,
        [draw_bars("Answers", "photos per second", list(SHORT_NAMES.values()), groups)],
    )


def read_peers_again(content: dict, others: dict[str, dict]) -> Body:
    """The same once more, held against the first."""
    if "peers.json" not in others:
        return Body(["There is no first run to hold it against."], [Bar("there is no first run", REPRODUCED, None)])
    try:
        rows = compare(others["peers.json"], content)
    except (NotComparableError, KeyError) as error:
        says = f"The two runs cannot be compared: {error}."
        return Body([says], [Bar("the two runs cannot be compared", REPRODUCED, None)])
    table = [
        (row.name, *(f"{median:.2f} ({floor - 1:.0%})" for median, floor in zip(row.medians, row.floors, strict=True)), f"{row.apart - 1:.1%}", f"{row.floor - 1:.1%}")
        for row in rows
    ]  # fmt: skip
    within = sum(row.is_reproduced for row in rows)
    bar = Bar(
        f"{within} of {len(rows)} ratios of two runs are within the floor that both measured",
        REPRODUCED,
        within == len(rows),
    )
    return Body((), [bar], ("ratio", "first (its floor)", "second (its floor)", "apart", "floor of both"), table)


def read_overload(content: dict, _others: dict[str, dict]) -> Body:
    """Twice and five times the load that can be sustained."""
    bars, plots = [], []
    for name in ("paced", "embedded"):
        if name in content:
            measured = content[name]
            bars += [
                Bar(f"{name}: {said}", bar, met) for said, bar, met in bars_of(measured, content["deadline_seconds"])
            ]
            steps = [
                step for step in measured["steps"] if step["name"].startswith("ramp") or step["name"] in ("2x", "5x")
            ]
            lines = [
                Line("offered", [(step["rate"], step["rate"]) for step in steps]),
                Line("answered well", [(step["rate"], step["goodput"]) for step in steps]),
            ]
            plots.append(draw_lines(f"Goodput, {name}", "offered per second", "per second", lines))
    return Body(
        ["Paced: against a model server that only takes time. Embedded: gateway, model and generator share the cores."],
        bars,
        plots=plots,
    )


def read_shapes(content: dict, _others: dict[str, dict]) -> Body:
    """Ways to run the gateway."""
    rows = [Row(**row) for row in content["rows"]]
    by_shape = {shape.name: [row for row in rows if row.shape == shape.name] for shape in SHAPES}
    shipped = by_shape[SHAPES[0].name]
    beyond, share = (statistics.median(getattr(row, name) for row in shipped) for name in ("beyond", "useful_share"))
    names = [name for name, of_shape in by_shape.items() if of_shape]
    parts = ("crop_cpu", "rpc_cpu", "beyond")
    return Body(
        ["CPU of the gateway per photo, medians over rounds; the first shape is the one that is shipped."],
        [
            Bar(f"CPU per photo beyond decode, face and RPC: {beyond:.2f} ms", "at most 1 ms", beyond <= 1),
            Bar(f"decode, face and forward of all CPU: {share:.2f}", "at least 0.70", share >= 0.7),
        ],
        ("shape", "decode and face, ms", "RPC, ms", "beyond, ms"),
        [
            (name, *(f"{statistics.median(getattr(row, part) for row in by_shape[name]):.2f}" for part in parts))
            for name in names
        ],
    )


def read_soak(content: dict, _others: dict[str, dict]) -> Body:
    """Half an hour."""
    samples = content["samples"]
    lines = [
        Line(word, [(sample["at"] / 60, sample[name]) for sample in samples])
        for name, word in (("gateway_resident", "gateway"), ("server_resident", "model server"))
    ]
    rows = [
        (word, f"{content['flat'][name]['first_third']:.0f}", f"{content['flat'][name]['last_third']:.0f}", f"{content['flat'][name]['largest']:.0f}")
        for name, word in MEASURES.items()
    ]  # fmt: skip
    wrong = sum(count for status, count in content["statuses"].items() if status not in ("200", "422"))
    return Body(
        [f"{content['minutes']} minutes at {content['rate']:.1f} photos per second, {content['share']:.0%} of the throughput; 422 are the photos without a face."],
        [Bar(f"answers by status: {', '.join(f'{count} x {status}' for status, count in content['statuses'].items())}", "200 and 422 only", wrong == 0)],
        ("measure", "median of the first third", "of the last", "largest"),
        rows,
        [draw_lines("Resident memory", "minutes", "MiB", lines)],
    )  # fmt: skip


def read_stalled(content: dict, _others: dict[str, dict]) -> Body:
    """Stalled uploads beside others."""
    ratio = statistics.median(each["ratio"] for each in content["rounds"])
    return Body(
        bars=[Bar(f"p99 of others beside {content['stalled_uploads']} stalled uploads: {ratio:.2f} times that without", f"at most {content['bar']:g} times", ratio <= content["bar"])],
        plots=[draw_bars("p99 of the others", "ms", [f"round {number + 1}" for number in range(len(content["rounds"]))], [
            ("alone", [each["p99_alone_milliseconds"] for each in content["rounds"]]),
            ("beside stalled uploads", [each["p99_beside_stalled_milliseconds"] for each in content["rounds"]]),
        ])],
    )  # fmt: skip


def read_records(content: dict, _others: dict[str, dict]) -> Body:
    """With and without records."""
    bars = []
    for name in ("sqlite", "postgresql"):
        row = content["gateways"][name]
        bars.append(
            Bar(
                f"{name}: {row['throughput_ratio']:.2f} of the throughput without",
                "at least 0.9",
                row["throughput_ratio"] >= 0.9,
            )
        )
        bars.append(
            Bar(
                f"{name}: {row['extra_cpu_milliseconds']:.1f} ms more CPU a photo",
                "at most 1.5 ms",
                row["extra_cpu_milliseconds"] <= 1.5,
            )
        )
    names = list(content["gateways"])
    rates = [content["gateways"][name]["photos_per_second"] for name in names]
    return Body(bars=bars, plots=[draw_bars("Throughput by records", "photos per second", names, [("", rates)])])


def read_shadow(content: dict, _others: dict[str, dict]) -> Body:
    """With and without a shadow version."""
    names = ("p50", "p95", "p99")
    values = [(word, [content[word][f"{name}_ms"] for name in names]) for word in ("without", "with")]
    return Body(
        ["Latency of the pinned version, without and with a shadow version."],
        plots=[draw_bars("Latency", "ms", names, values)],
    )


def read_receipts(content: dict, _others: dict[str, dict]) -> Body:
    """What pages ask among a million receipts."""
    found = content["milliseconds"]
    rows = [
        (
            name,
            *(
                f"{figures[what]:.2f}"
                for figures in (found[database][name] for database in found)
                for what in ("p50", "p95")
            ),
        )
        for name in next(iter(found.values()))
    ]
    head = ("question", *(f"{database} {what}, ms" for database in found for what in ("p50", "p95")))
    return Body([f"{content['receipts']:,} receipts."], (), head, rows)


def _floor(floor: float | None) -> str:
    return "not known" if floor is None else f"{math.expm1(floor):.0%}"


RESULTS = (
    Result("peers.json", "Beside what most people write", PEERS_COMMAND, read_peers),
    Result("peers_again.json", "The same once more: are the ratios reproduced", PEERS_COMMAND.replace('results"', 'results --again"'), read_peers_again),
    Result("overload.json", "Overload", "make bench-overload", read_overload),
    Result("gateway_shapes.json", "Shapes of the gateway", "python -m tests.bench.gateway_shapes", read_shapes),
    Result("soak.json", "Half an hour under load", "python -m tests.bench.soak", read_soak),
    Result("stalled_uploads.json", "Stalled uploads", "python -m tests.bench.stalled_uploads", read_stalled),
    Result("records_throughput.json", "What records cost", "python -m tests.bench.records_throughput", read_records),
    Result("million_receipts.json", "A million receipts", "python -m tests.bench.million_receipts", read_receipts),
    Result("shadow_cost.json", "What a shadow version costs", "python -m tests.bench.shadow_cost", read_shadow),
)  # fmt: skip
