"""The proof turns red for every leak that is planted, for the right reason; and is green for the same scene without any."""

import json
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.privacy.__main__ import RESULTS
from tests.privacy.leaks import DEAR, LEAKS, SHARED_MEMORY, VARIABLE
from tests.privacy.marked_requests import Request, fields_of, form_screening, raw_screening, send
from tests.privacy.run import new_run
from tests.privacy.scenes import CRASHING, gateway, search_database, search_metadata
from tests.support.gateway import VERSION, make_repository
from tests.support.records import make_records
from tests.support.stub_model_server import StubModelServer


def leaks_found(*planted: str):
    """What the proof says of one short scene: answers, one error, and a gateway that dies with a photo in its memory."""
    with (
        new_run(shared_folders=(SHARED_MEMORY,), most_photos=1) as run,
        StubModelServer(VERSION, np.float32(0.5)) as stub,
    ):
        photo, markers = run.photos[0], run.markers
        make_repository(run.folder / "models")
        (run.folder / "scene").mkdir()
        kept = make_records(run.folder / "scene")
        with gateway(
            run, "scene", run.folder / "models", stub.address, watched=True, program=CRASHING,
            environment={VARIABLE: ",".join(planted)}, **kept,
        ) as served:  # fmt: skip
            requests = [raw_screening(photo, markers), form_screening(photo, markers)]
            answers = run.send("scene", served.port, [*requests, raw_screening(photo, markers, X_Crash="answer")])
            assert [answer.status for answer in answers] == [200, 200, 500]
            on_page = form_screening(photo, markers, "/", Accept="text/html")
            (page,) = run.send("scene", served.port, [on_page])
            said = urlencode(fields_of(page, "review") | {"verdict": "agree"}).encode()
            form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
            (reviewed,) = run.send("scene", served.port, [Request("POST", "/review", said, form)])
            assert (page.status, reviewed.status) == (200, 200)
            assert b"data:image/png" in reviewed.body
            run.evidence.add_bytes("metrics", "metrics of scene", served.metrics().encode())
            stub.go_on.clear()
            stub.asked.clear()
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(send, "127.0.0.1", served.port, raw_screening(photo, markers))
                assert stub.asked.wait(30)
                os.kill(served.worker().pid, signal.SIGSEGV)
                waiting.result(60)
            stub.go_on.set()
            served.kill()
        search_metadata(run, stub)
        search_database(run, str(kept["records_url"]))
        run.search_folders()
        for left in SHARED_MEMORY.glob("symmetra-crop-*"):
            left.unlink()
        return run.evidence.leaks, run.evidence.left_out


def is_found(name, leaks):
    kind, where, what = LEAKS[name][1]
    return any(leak.kind == kind and where in leak.where and (what in leak.what or what in leak.form) for leak in leaks)


@pytest.mark.needs_system("strace")
def test_without_a_leak_the_scene_is_green():
    leaks, left_out = leaks_found()
    assert [str(leak) for leak in leaks] == []
    assert left_out == []


@pytest.mark.needs_system("strace")
def test_every_leak_is_found_where_it_was_planted():
    planted = [name for name in LEAKS if name not in DEAR]
    leaks, _ = leaks_found(*planted)
    assert [name for name in planted if not is_found(name, leaks)] == []


@pytest.fixture(scope="module")
def found_alone():
    """What the proof said of each leak alone, kept as `gateway/results/planted_leaks.json`."""
    found: dict[str, list[str]] = {}
    yield found
    if found.keys() == LEAKS.keys():
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "planted_leaks.json").write_text(json.dumps(found, indent=1) + "\n")


@pytest.mark.long
@pytest.mark.needs_system("strace")
@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_alone_turns_the_proof_red_for_its_own_reason(name, found_alone):
    leaks, _ = leaks_found(name)
    assert is_found(name, leaks), [str(leak) for leak in leaks]
    places = Counter(f"{leak.kind}: {leak.what} ({leak.form})" for leak in leaks)
    found_alone[name] = [f"{place}, {count} times" for place, count in sorted(places.items())]
