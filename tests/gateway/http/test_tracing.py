import contextvars
import io
import json
import logging
import re
import uuid

import pytest

from gateway.logs import JsonLines
from gateway.tracing import begin_trace, outgoing_metadata

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{PARENT}-01"
SOME_ID = "cd9870bb-95be-4a4b-8885-ce875a3b763c"
RESPONSE = r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"


def trace_of(*parents, states=()):
    return contextvars.copy_context().run(begin_trace, parents, states)


@pytest.mark.parametrize("version", ["00", "01", "cc-with-more"])
def test_a_trace_goes_on_under_a_span_of_our_own(version):
    version, *more = version.split("-", 1)
    trace = trace_of(f"{version}-{TRACE}-{PARENT}-01" + "".join(f"-{each}" for each in more))
    assert trace.trace_id == TRACE
    assert trace.span_id not in (PARENT, "0" * 16)
    assert trace.parent == f"00-{TRACE}-{trace.span_id}-01"


@pytest.mark.parametrize(
    "header",
    [
        "", "00", HEADER.upper(), f" {HEADER}", f"{HEADER}\n", f"{HEADER}-more", f"ff-{TRACE}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{PARENT}", f"00-{TRACE}-{PARENT}-1", f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"00_{TRACE}_{PARENT}_01", f"01-{TRACE}-{PARENT}-01more", f"00-{TRACE}-{PARENT}-\u0660\u0661",
    ],
)  # fmt: skip
def test_what_is_no_traceparent_begins_a_new_trace(header):
    trace = trace_of(header, states=["a=b"])
    assert re.fullmatch(RESPONSE, trace.parent)
    assert (trace.trace_id != TRACE, trace.flags, trace.state) == (True, 0, "")


def test_two_traceparents_begin_a_new_trace():
    assert trace_of(HEADER, HEADER).trace_id != TRACE


@pytest.mark.parametrize(("sent", "kept"), [("00", 0), ("01", 1), ("ff", 1), ("02", 0)])
def test_of_the_flags_only_sampled_goes_on(sent, kept):
    assert trace_of(f"00-{TRACE}-{PARENT}-{sent}").flags == kept


@pytest.mark.parametrize(
    ("states", "kept"),
    [
        (["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (["a=1", "b=2"], "a=1,b=2"),
        (["a=1 , ,b=2"], "a=1,b=2"),
        (["tenant@vendor=x"], "tenant@vendor=x"),
        (["0tenant@vendor=x"], "0tenant@vendor=x"),
        (["a=1,a=2"], ""),
        (["A=1"], ""),
        (["a"], ""),
        (["a=1=2"], ""),
        (["a=ä"], ""),
        ([",".join(f"k{number}=1" for number in range(33))], ""),
        (["a=" + "x" * 257], ""),
        ([], ""),
    ],
)
def test_tracestate_goes_on_as_it_is_or_not_at_all(states, kept):
    assert trace_of(HEADER, states=states).state == kept


def test_the_model_server_is_told_the_trace():
    def both():
        trace = begin_trace([HEADER], ["a=1"])
        return trace, outgoing_metadata()

    trace, metadata = contextvars.copy_context().run(both)
    assert metadata == (("traceparent", trace.parent), ("tracestate", "a=1"))
    assert contextvars.Context().run(outgoing_metadata) == ()


def test_every_answer_names_its_trace_also_a_refusal(gateway):
    for path in ("/v1/models", "/nowhere", "/"):
        found = re.fullmatch(
            RESPONSE, gateway.client.get(path, headers={"traceparent": HEADER}).headers["traceresponse"]
        )
        assert (found[1], found[3]) == (TRACE, "01")
        assert re.fullmatch(RESPONSE, gateway.client.get(path).headers["traceresponse"])


def test_the_log_names_the_trace(gateway):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("symmetra")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        gateway.client.get("/v1/models", headers={"traceparent": HEADER, "tracestate": "zq=zq"})
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    (line,) = [json.loads(line) for line in stream.getvalue().splitlines() if '"event": "request"' in line]
    assert line["trace_id"] == TRACE
    assert "zq" not in stream.getvalue()


def test_a_request_id_that_is_a_uuid_is_kept_and_the_answers_id_stays_ours(gateway):
    sent = str(uuid.uuid4())
    response = gateway.screen(headers={"X-Request-Id": sent.upper()})
    assert response.headers["X-Request-Id"] == sent
    assert response.json["id"] != sent
    refused = gateway.client.get("/nowhere", headers={"X-Request-Id": sent})
    assert refused.json["instance"] == f"urn:uuid:{sent}"


@pytest.mark.parametrize("sent", ["", "1", "patient-4711", "zq" * 16, f"{SOME_ID} ", f"{{{SOME_ID}}}"])
def test_any_other_request_id_is_replaced(gateway, sent):
    ours = gateway.screen(headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert str(uuid.UUID(ours)) == ours
    assert ours not in sent
