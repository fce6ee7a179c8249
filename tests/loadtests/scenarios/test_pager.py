"""The pager keeps what Alertmanager posts, and is quiet when all of it is over."""

import json
import urllib.request

from loadtests.scenarios.pager import Pager


def post(port, receiver, status, *alerts):
    body = json.dumps({"status": status, "alerts": [{"labels": {"alertname": alert}} for alert in alerts]}).encode()
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/{receiver}", body), timeout=10).close()


def test_what_is_posted_is_kept_by_receiver_and_heartbeats_apart():
    with Pager() as pager:
        post(pager.port, "heartbeat", "firing", "DeadMansSwitch")
        assert pager.notifications() == []
        assert pager.is_quiet()
        post(pager.port, "on-call", "firing", "LatencyBurn", "AvailabilityBurn")
        (told,) = pager.notifications("firing")
        assert (told.receiver, told.alerts) == ("on-call", ("AvailabilityBurn", "LatencyBurn"))
        assert len(pager.notifications(but=())) == 2


def test_it_is_quiet_when_every_alert_is_over_for_whoever_was_told():
    with Pager() as pager:
        post(pager.port, "on-call", "firing", "WrongAnswers")
        post(pager.port, "clinical-lead", "firing", "WrongAnswers")
        post(pager.port, "on-call", "resolved", "WrongAnswers")
        assert not pager.is_quiet()
        post(pager.port, "clinical-lead", "resolved", "WrongAnswers")
        assert pager.is_quiet()
