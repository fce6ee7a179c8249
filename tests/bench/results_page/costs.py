"""Of what a photo costs, and of how far runs of the same thing lie apart."""

from loadtests.report.plots import draw_bars
from tests.bench.results_page.gateway import read_peers
from tests.bench.results_page.section import Bar, Body, Result

MEBIBYTES_OF_BUDGET = 120e6 / 2**20
STAGES = {
    "decode_webcam": "decode",
    "decode_phone": "12 MP scaled",
    "decode_phone_in_full": "12 MP in full",
    "face": "face",
    "forward_batch_1": "forward of 1",
    "forward_batch_32": "forward of 32",
}


def read_costs(content: dict, others: dict[str, dict]) -> Body:
    """Stages one at a time, the gateway's own footprint, and the peers where they ran in the same rounds."""
    costs, footprint = content["stage_milliseconds"], content["footprint"]
    decode = costs["decode_phone"] / costs["decode_phone_in_full"]
    resident = footprint["resident_mebibytes"]
    bars = [
        Bar(f"12 megapixels, decoded scaled over in full: {decode:.2f}", "at most 0.25", decode <= 0.25),
        Bar(f"import of the gateway over that of its libraries: {footprint['import_ratio']:.2f}", "at most 1.3", footprint["import_ratio"] <= 1.3),
        Bar(f"resident memory with a detector for each core: {resident:.0f} MiB", f"at most {MEBIBYTES_OF_BUDGET:.0f} MiB (120 MB)", resident <= MEBIBYTES_OF_BUDGET),
    ]  # fmt: skip
    plots = [
        draw_bars(
            "Cost of a photo by stage, one at a time",
            "ms",
            list(STAGES.values()),
            [("", [costs[key] for key in STAGES])],
        )
    ]
    if "systems" not in content:
        return Body((), bars, plots=plots)
    peers = read_peers(content, others)
    return Body(peers.paragraphs, [*bars, *peers.bars], peers.head, peers.rows, [*plots, *peers.plots])


def read_baseline(content: dict, _others: dict[str, dict]) -> Body:
    """From which difference on runs of the real system show one, and what of a photo's time is the gateway's."""
    means = [next(row for row in rows if row["measure"] == "mean") for rows in content["gateway_share"] if rows]
    names = [f"run {number + 1}" for number in range(len(means))]
    groups = [
        ("the model server, asked directly", [1000 * each["direct_seconds"] for each in means]),
        ("the gateway's share", [1000 * each["gateway_seconds"] for each in means]),
    ]
    rows = [
        (change["figure"], f"{change['floor']:.1%}" if change["is_ratio"] else f"{change['floor']:.4f} {change['unit']}", now["word"])
        for change, now in zip(content["noise"], content["comparison"]["changes"], strict=True)
    ]  # fmt: skip
    return Body(
        [f"{content['workload']['runs']} runs of the same thing, and one more held against them. The last is {'valid' if content['last_run_is_valid'] else 'INVALID'}."],
        (),
        ("figure", "noise floor", "of the last run"),
        rows,
        [draw_bars("Mean latency in each run", "ms", names, groups)],
    )  # fmt: skip


RESULTS = (
    Result("bench.json", "What a photo costs, beside what most people write", 'make bench BENCH_ARGS="--save loadtests/results/bench.json"', read_costs),
    Result("2026-11-22-paper.json", "What a photo cost before (22 November 2026)", "make bench", read_costs),
    Result("baseline.json", "Runs of the same thing, and the gateway's share", "python -m tests.bench.baseline --save loadtests/results", read_baseline),
)  # fmt: skip
