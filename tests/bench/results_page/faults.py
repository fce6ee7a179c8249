"""Of campaigns that break things, and of hardware that may be there or not."""

from tests.bench.results_page.section import Bar, Body, Result


def read_orders(content: dict, _others: dict[str, dict]) -> Body:
    """Gateway and model servers killed and started in random orders."""
    wrong = sum(row["wrong_answers"] for row in content["rows"])
    slowest = max(row["recovered_seconds"] for row in content["rows"])
    return Body(
        [
            f"{content['orders']} random orders; clients were answered again {slowest:.2f} s after the last start at the latest."
        ],
        [Bar(f"wrong answers: {wrong}", "none", wrong == 0)],
    )


def read_gateway_faults(content: dict, _others: dict[str, dict]) -> Body:
    """Each fault of the model servers."""
    rows = [(row["fault"], row["seen"], f"{row['recovered_seconds']:.2f}") for row in content["rows"]]
    return Body((), (), ("fault of the model servers", "what clients saw", "answered again after, s"), rows)


def read_record_kills(content: dict, _others: dict[str, dict]) -> Body:
    """A gateway with receipts, killed under load; "missing" counts answers whose receipt is not there, and older files have no such count."""
    says, missing = f"{content['kills']} kills, {content['answered']} answers", content.get("missing")
    if missing is None:
        return Body(bars=[Bar(f"{says}; how many had no receipt was not kept", "none", None)])
    return Body(bars=[Bar(f"{says}, {missing} without a receipt", "none", missing == 0)])


def read_people_kills(content: dict, _others: dict[str, dict]) -> Body:
    """Gateway and database killed while people are screened and followed up."""
    kills = sum(each["kills"] for each in content["scenarios"].values())
    lost, twice = content["lost"], content["twice"]
    return Body(
        bars=[
            Bar(f"{kills} kills", "500", kills >= 500),
            Bar(f"lost: {lost}, twice: {twice}", "nothing", lost == twice == 0),
        ]
    )


def read_audit(content: dict, _others: dict[str, dict]) -> Body:
    """Random manipulations of an audit trail."""
    return Body(
        bars=[
            Bar(
                f"{database}: {each['unseen']} of {each['manipulations']} manipulations were not seen",
                "none",
                each["unseen"] == 0,
            )
            for database, each in content.items()
            if isinstance(each, dict) and "unseen" in each
        ]
    )


def read_schemathesis(content: dict, _others: dict[str, dict]) -> Body:
    """Made-up requests."""
    failures = sum(len(run["failures"]) + len(run["errors"]) for run in content["runs"].values())
    cases = sum(run["test_cases"]["generated"] for run in content["runs"].values())
    return Body(
        bars=[Bar(f"{cases} made-up requests in {content['seconds']} s: {failures} failures", "none", failures == 0)]
    )


def read_gpu(content: dict, _others: dict[str, dict]) -> Body:
    """What a GPU would change."""
    if not content["measured"]:
        return Body([content["says"]], [Bar("no GPU was measured", "none is stated", None)])
    return Body(content["says"].splitlines())


RESULTS = (
    Result("gpu.json", "What a GPU would change", 'make bench-gpu BENCH_ARGS="--save loadtests/results"', read_gpu),
    Result("gateway_faults.json", "Faults of the model servers", "pytest tests/faults/test_gateway_upstream.py", read_gateway_faults),
    Result("gateway_random_orders.json", "Killed and started in random orders", "pytest -m long tests/faults/test_gateway_random_orders.py", read_orders),
    Result("record_kills.json", "Receipts and kills", "pytest -m long tests/faults/test_gateway_record_kills.py", read_record_kills),
    Result("people_kills.json", "People, reviews and kills", "pytest -m long tests/faults/test_people_kills.py", read_people_kills),
    Result("audit_manipulations.json", "Manipulated audit trails", "pytest -m long tests/gateway/records/audit/test_manipulations.py", read_audit),
    Result("schemathesis.json", "Made-up requests", "pytest -m long tests/gateway/openapi/test_schemathesis.py", read_schemathesis),
)  # fmt: skip
