"""The course of a scenario: changes at their minutes, ended once everything was told, and mended in any case."""

import dataclasses
import time

from loadtests.scenarios.faults import DiskSlow
from loadtests.scenarios.judging import judge
from loadtests.scenarios.pager import Notification, Pager
from loadtests.scenarios.running import Told, _heartbeat_age_seconds, go_through
from loadtests.scenarios.scenario import Change
from tests.support.scenario_outcomes import SCENARIO

QUICK = dataclasses.replace(SCENARIO, times_faster=600.0, quiet_minutes=1.0, may=())
"""A minute of the site is a tenth of a second here."""


class Scripted:
    """A change that is told as soon as it is made, and as over as soon as it ends."""

    def __init__(self, pager, name="ReplicaDown", receiver="tickets"):
        self.pager, self.name, self.receiver, self.done = pager, name, receiver, []

    def tell(self, status):
        self.pager.take(Notification(self.receiver, status, (self.name,), time.monotonic()))

    def begin(self):
        self.done.append("begun")
        self.tell("firing")

    def end(self):
        self.done.append("ended")
        self.tell("resolved")


class Silent(Scripted):
    def tell(self, status):
        pass


def go(scenario, *doings, pager):
    began, lines = time.monotonic(), []
    moments = go_through(scenario, doings, pager, began, lines.append)
    told = [
        Told(each.receiver, each.status, alert, each.at - began)
        for each in pager.notifications()
        for alert in each.alerts
    ]
    return moments, [check.result for check in judge(scenario, moments, told)], lines


def test_a_change_ends_as_soon_as_what_is_expected_was_told():
    pager = Pager()
    doing = Scripted(pager)
    moments, results, lines = go(QUICK, doing, pager=pager)
    assert results == ["kept", "kept", "kept"]
    assert doing.done == ["begun", "ended"]
    assert QUICK.seconds(2.0) <= moments.changed <= moments.ended <= moments.finished - QUICK.seconds(1.0)
    assert moments.ended - moments.changed < QUICK.seconds(15.0)
    assert "gateway_killed" in lines[0]


def test_a_change_lasts_as_long_as_it_must_even_where_everything_was_told():
    pager = Pager()
    scenario = dataclasses.replace(QUICK, changes=(Change("gateway_killed", 1.0, 6.0, {}),))
    moments, results, _ = go(scenario, Scripted(pager), pager=pager)
    assert moments.ended - moments.changed >= scenario.seconds(6.0)
    assert results == ["kept", "kept", "kept"]


def test_two_changes_begin_in_the_order_of_their_minutes_and_end_the_other_way_round():
    pager, order = Pager(), []

    def named(name):
        doing = Scripted(pager) if name == "first" else Silent(pager)
        begin, end = doing.begin, doing.end
        doing.begin = lambda: (order.append(f"{name} begins"), begin())
        doing.end = lambda: (order.append(f"{name} ends"), end())
        return doing

    changes = (Change("camera_darker", 3.0, 0.0, {}), Change("gateway_killed", 1.0, 0.0, {}))
    scenario = dataclasses.replace(QUICK, changes=changes)
    moments, _, _ = go(scenario, named("second"), named("first"), pager=pager)
    assert order == ["first begins", "second begins", "second ends", "first ends"]
    assert moments.changed_fully - moments.changed >= scenario.seconds(1.5)


def test_where_nothing_is_expected_it_waits_for_nothing_but_silence():
    pager = Pager()
    scenario = dataclasses.replace(QUICK, expect=())
    moments, results, _ = go(scenario, Silent(pager), pager=pager)
    assert results == ["kept"]
    assert moments.finished < 5.0
    _, results, _ = go(scenario, Scripted(pager), pager=pager)
    assert results == ["spurious"]


def test_a_disk_is_made_quick_again_even_where_it_never_was_slow():
    DiskSlow(site=None, flush_seconds=1.0).end()


def test_what_is_never_told_is_waited_for_and_then_missing(monkeypatch):
    monkeypatch.setattr("loadtests.scenarios.judging.MACHINE_SECONDS", 0.2)
    monkeypatch.setattr("loadtests.scenarios.running.MACHINE_SECONDS", 0.2)
    pager = Pager()
    moments, results, _ = go(QUICK, Silent(pager), pager=pager)
    assert results == ["missing", "kept"]
    assert moments.ended - moments.changed >= QUICK.seconds(15.0)


def test_a_heartbeat_is_as_old_as_the_last_one_that_came():
    pager = Pager()
    assert _heartbeat_age_seconds(pager, 100.0) is None
    for receiver, at in (("heartbeat", 10.0), ("heartbeat", 70.0), ("tickets", 95.0)):
        pager.take(Notification(receiver, "firing", ("DeadMansSwitch",), at))
    assert _heartbeat_age_seconds(pager, 100.0) == 30.0
