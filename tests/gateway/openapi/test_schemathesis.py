"""Requests made up from the served description, against a real gateway: no 5xx, no undocumented status, no broken schema."""

import json
import os
from datetime import UTC, datetime

import pytest

from tests.support.api_campaign import LEFT_OUT, open_gateway, run_schemathesis
from tests.support.gateway_process import PROJECT

BOUNDED = ("--phases", "coverage,fuzzing", "--max-examples", "5")
GRACE_SECONDS = 180
"""Nothing is asserted of how long it takes."""
CAMPAIGN_SECONDS = 1200
"""Of issue 5, bar 1; the variable SYMMETRA_FUZZ_SECONDS shortens it, and then nothing is kept."""
RESULTS = PROJECT / "loadtests" / "results" / "schemathesis.json"
WAYS = {"faces, with keys": True, "any bytes, without keys": False}


def test_what_is_described_is_what_is_answered(tmp_path):
    with open_gateway(tmp_path, keys=True) as gateway:
        found = run_schemathesis(gateway, tmp_path, *BOUNDED, timeout_seconds=GRACE_SECONDS, seed=1, faces=True)
    assert found["failures"] == found["errors"] == [], found["says"]
    assert found["operations"]["tested"] == found["operations"]["total"] - len(LEFT_OUT)


@pytest.mark.long
def test_twenty_minutes_of_made_up_requests(tmp_path):
    seconds = int(os.environ.get("SYMMETRA_FUZZ_SECONDS", CAMPAIGN_SECONDS))
    runs = {}
    for name, faces in WAYS.items():
        folder = tmp_path / name.split()[0]
        folder.mkdir()
        with open_gateway(folder, keys=faces) as gateway:
            share = seconds // len(WAYS)
            runs[name] = run_schemathesis(
                gateway,
                folder,
                "--max-time",
                str(share),
                timeout_seconds=share + GRACE_SECONDS,
                seed=2,
                faces=faces,
            )
            resident_bytes = gateway.process.worker().memory_info().rss
            runs[name]["resident_mebibytes_at_the_end"] = round(resident_bytes / 2**20)
    said = {name: run.pop("says") for name, run in runs.items()}
    result = {"seconds": seconds, "ended": datetime.now(UTC).isoformat(timespec="seconds"), "runs": runs}
    if seconds >= CAMPAIGN_SECONDS:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    assert [run["failures"] + run["errors"] for run in runs.values()] == [[]] * len(WAYS), said
