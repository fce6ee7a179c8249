"""Loading, swapping and unloading, with servables that only remember what was done to them."""

import threading

import pytest

from serving.server.errors import NotFound, Unknown
from serving.server.manager import LoadRules, ModelManager
from serving.server.model_config import ModelSettings
from serving.server.registry import AVAILABLE, END, LOADING, UNLOADING, ModelRegistry
from serving.server.versions import All, Latest, Specific
from tests.support.fake_loading import QUICK, WAIT_SECONDS, FakeLoader, add, answering, states, wait_until


@pytest.fixture
def loader():
    return FakeLoader()


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "m"
    path.mkdir()
    return path


@pytest.fixture
def start(loader):
    managers = []

    def start_manager(*models, rules=QUICK, wait=True):
        registry = ModelRegistry()
        manager = ModelManager(registry, loader, rules)
        manager.configure(models)
        managers.append(manager)
        thread = threading.Thread(target=manager.start)
        thread.start()
        managers.append(thread)
        if wait:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()
        return manager, registry

    yield start_manager
    for manager in managers[::2]:
        manager.stop()
    for thread in managers[1::2]:
        thread.join(WAIT_SECONDS)


def test_the_highest_version_is_loaded_and_others_are_not(start, base, loader):
    add(base, 1, 9, 10)
    _, registry = start(ModelSettings("m", base))
    assert states(registry) == {10: AVAILABLE}
    assert answering(registry) == 10
    assert loader.loaded == [("m", 10, "10")]
    with pytest.raises(NotFound, match=r"Specific\(m, 9\)"):
        answering(registry, 9)


def test_all_and_specific_policies_serve_several(start, base):
    add(base, 1, 2, 3)
    _, registry = start(ModelSettings("m", base, All()), ModelSettings("s", base, Specific(frozenset({1, 3, 7}))))
    wait_until(lambda: states(registry) == dict.fromkeys((1, 2, 3), AVAILABLE))
    wait_until(lambda: states(registry, "s") == dict.fromkeys((1, 3), AVAILABLE))
    assert answering(registry) == 3
    assert answering(registry, 1) == 1


def test_start_waits_for_a_version_and_for_the_base_path(start, tmp_path):
    base = tmp_path / "later"
    manager, registry = start(ModelSettings("m", base), wait=False)
    assert states(registry) == {}
    base.mkdir()
    add(base, 1)
    wait_until(lambda: states(registry) == {1: AVAILABLE})
    manager.stop()


def test_a_new_version_takes_over_without_a_gap_and_the_old_one_goes(start, base, loader):
    add(base, 1)
    _, registry = start(ModelSettings("m", base))
    loader.may_load.clear()
    add(base, 2)
    wait_until(lambda: states(registry).get(2) == LOADING)
    assert answering(registry) == 1, "the old version answers while the new one loads"
    loader.may_load.set()
    wait_until(lambda: states(registry) == {1: END, 2: AVAILABLE})
    assert answering(registry) == 2


def test_a_version_in_use_is_not_unloaded_before_its_calls_end(start, base):
    add(base, 1)
    _, registry = start(ModelSettings("m", base))
    with registry.use("m", None, None) as servable:
        add(base, 2)
        wait_until(lambda: states(registry) == {1: UNLOADING, 2: AVAILABLE})
        assert not servable.is_closed
        assert answering(registry) == 2
    wait_until(lambda: states(registry)[1] == END)
    assert servable.is_closed


def test_every_call_is_answered_while_versions_change(start, base):
    add(base, 1)
    _, registry = start(ModelSettings("m", base))
    wrong, stop = [], threading.Event()

    def call():
        while not stop.is_set():
            try:
                with registry.use("m", None, None) as servable:
                    if servable.is_closed:
                        wrong.append("closed")
            except NotFound as error:
                wrong.append(str(error))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(2, 12):
        add(base, version)
        wait_until(lambda version=version: states(registry).get(version) == AVAILABLE)
    stop.set()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert wrong == []


def test_a_removed_latest_version_rolls_back_to_the_one_before(start, base):
    add(base, 1, 2)
    _, registry = start(ModelSettings("m", base))
    (base / "2").rmdir()
    wait_until(lambda: states(registry) == {1: AVAILABLE, 2: END})
    assert answering(registry) == 1


def test_an_empty_base_path_unloads_everything_and_a_missing_one_nothing(start, base):
    add(base, 1)
    _, registry = start(ModelSettings("m", base))
    base.rename(base.with_name("away"))
    wait_until(lambda: not base.exists())
    assert answering(registry) == 1
    base.mkdir()
    wait_until(lambda: states(registry) == {1: END})
    with pytest.raises(NotFound, match=r"Latest\(m\)"):
        answering(registry)


def test_a_version_that_fails_leaves_the_old_one_and_says_why(start, base, loader):
    add(base, 1)
    _, registry = start(ModelSettings("m", base))
    loader.broken.add(2)
    add(base, 2)
    wait_until(lambda: states(registry) == {1: AVAILABLE, 2: END})
    status = registry.statuses("m", 2)[0]
    assert status.error.message == "version 2 is broken"
    assert [version for _, version, _ in loader.loaded] == [1, 2, 2], "tried once more, then left alone"
    loader.broken.clear()
    add(base, 3)
    wait_until(lambda: states(registry) == {1: END, 2: END, 3: AVAILABLE})
    assert [version for _, version, _ in loader.loaded] == [1, 2, 2, 3]


def test_while_it_will_be_retried_a_version_is_loading(start, base, loader):
    add(base, 1)
    rules = LoadRules(poll_seconds=0.005, max_retries=1, retry_seconds=3600)
    _, registry = start(ModelSettings("m", base), rules=rules)
    loader.broken.add(2)
    add(base, 2)
    wait_until(lambda: ("m", 2, "2") in loader.loaded and states(registry)[2] == LOADING)
    (base / "2").rmdir()
    wait_until(lambda: states(registry) == {1: AVAILABLE, 2: END})
    loader.broken.clear()
    add(base, 2)
    wait_until(lambda: states(registry) == {1: END, 2: AVAILABLE})


def test_start_fails_with_their_words_when_every_version_failed(base, loader):
    add(base, 4)
    loader.broken.add(4)
    manager = ModelManager(ModelRegistry(), loader, QUICK)
    manager.configure([ModelSettings("m", base)])
    with pytest.raises(Unknown) as error:
        manager.start()
    assert str(error.value) == (
        "UNKNOWN: 1 servable(s) did not become available: {{{name: m version: 4} due to error: "
        "UNKNOWN: version 4 is broken}, }"
    )
    assert loader.loaded == [("m", 4, "4")] * 2


def test_an_unexpected_exception_is_a_failed_load_like_any_other(start, base, loader):
    add(base, 1)
    _, registry = start(ModelSettings("m", base))
    loader.forbidden.add(2)
    add(base, 2)
    wait_until(lambda: states(registry) == {1: AVAILABLE, 2: END})
    error = registry.statuses("m", 2)[0].error
    assert str(error) == "UNKNOWN: PermissionError: [Errno 13] Permission denied: '2/saved_model.pb'"
    assert [version for _, version, _ in loader.loaded] == [1, 2, 2], "tried once more, then left alone"


def test_an_unexpected_exception_at_start_is_their_error_after_all_tries(base, loader):
    add(base, 4)
    loader.forbidden.add(4)
    manager = ModelManager(ModelRegistry(), loader, QUICK)
    manager.configure([ModelSettings("m", base)])
    with pytest.raises(Unknown, match=r"did not become available.*PermissionError"):
        manager.start()
    assert loader.loaded == [("m", 4, "4")] * 2


def test_one_good_version_is_enough_to_start(start, base, loader):
    add(base, 1, 2)
    loader.broken.add(2)
    _, registry = start(ModelSettings("m", base, Latest(2)))
    assert answering(registry) == 1


def test_looking_once_sees_nothing_new(start, base):
    add(base, 1)
    rules = LoadRules(poll_seconds=0, max_retries=0, retry_seconds=0)
    manager, registry = start(ModelSettings("m", base), rules=rules)
    add(base, 2)
    manager._look()
    manager._reconcile()
    assert states(registry) == {1: AVAILABLE}


def test_other_settings_move_models_and_policies(start, base, tmp_path):
    add(base, 1, 2)
    other = tmp_path / "other"
    other.mkdir()
    add(other, 5)
    manager, registry = start(ModelSettings("m", base, Specific(frozenset({1}))))
    assert states(registry) == {1: AVAILABLE}
    new = manager.configure([ModelSettings("m", base, Specific(frozenset({1, 2}))), ModelSettings("o", other)])
    assert new == {"o"}
    manager.await_available(new, lambda: True)
    assert states(registry, "o") == {5: AVAILABLE}
    wait_until(lambda: states(registry) == {1: AVAILABLE, 2: AVAILABLE})
    assert manager.configure([ModelSettings("m", base, Specific(frozenset({2})))]) == frozenset()
    wait_until(lambda: states(registry) == {1: END, 2: AVAILABLE} and states(registry, "o") == {5: END})


def test_a_new_model_that_fails_says_so_and_is_tried_again_when_named_anew(start, base, loader):
    add(base, 1)
    manager, registry = start(rules=LoadRules(poll_seconds=0.005, max_retries=0, retry_seconds=0.0))
    loader.broken.add(1)
    with pytest.raises(Unknown) as error:
        manager.await_available(manager.configure([ModelSettings("m", base)]), lambda: True)
    assert error.value.message == (
        "1 model(s) did not become available: {{{name: m version: 1} due to error: UNKNOWN: version 1 is broken}, }"
    )
    loader.broken.clear()
    manager.configure([])
    manager.await_available(manager.configure([ModelSettings("m", base)]), lambda: True)
    assert states(registry) == {1: AVAILABLE}


def test_nobody_is_waited_for_any_longer_than_somebody_waits(start, base):
    manager, _ = start()
    asked = []

    def is_awaited():
        asked.append(1)
        return len(asked) < 3

    manager.await_available(manager.configure([ModelSettings("m", base)]), is_awaited)
    assert len(asked) == 3, "there is no version, and there will be none"


def test_what_is_removed_goes_also_while_another_base_path_is_missing(start, base, tmp_path):
    add(base, 1)
    manager, registry = start(ModelSettings("m", base))
    manager.configure([ModelSettings("o", tmp_path / "nowhere")])
    wait_until(lambda: states(registry) == {1: END})


@pytest.mark.parametrize("threads", [0, 2])
def test_load_threads_decide_whether_a_slow_load_holds_up_other_models(start, base, tmp_path, loader, threads):
    other = tmp_path / "o"
    add(base, 1)
    other.mkdir()
    add(other, 1)
    rules = LoadRules(poll_seconds=0.005, load_threads=threads)
    _, registry = start(ModelSettings("m", base), ModelSettings("o", other), rules=rules)
    loader.may_load.clear()
    add(base, 2)
    wait_until(lambda: states(registry).get(2) == LOADING)
    add(other, 2)
    if threads:
        wait_until(lambda: states(registry, "o").get(2) == LOADING)
    else:
        assert 2 not in states(registry, "o")
    loader.may_load.set()
    wait_until(lambda: states(registry) == states(registry, "o") == {1: END, 2: AVAILABLE})


def test_with_threads_to_unload_a_call_in_flight_holds_up_no_load(start, base):
    add(base, 1)
    rules = LoadRules(poll_seconds=0.005, unload_threads=1)
    _, registry = start(ModelSettings("m", base), rules=rules)
    with registry.use("m", 1, None):
        add(base, 2)
        wait_until(lambda: states(registry) == {1: UNLOADING, 2: AVAILABLE})
        add(base, 3)
        wait_until(lambda: states(registry).get(3) == AVAILABLE)
    wait_until(lambda: states(registry) == {1: END, 2: END, 3: AVAILABLE})


def test_the_first_load_takes_models_together(start, base, tmp_path, loader):
    other = tmp_path / "o"
    other.mkdir()
    add(base, 1)
    add(other, 1)
    loader.may_load.clear()
    start(ModelSettings("m", base), ModelSettings("o", other), wait=False)
    wait_until(lambda: {name for name, _, _ in loader.loaded} == {"m", "o"})
    loader.may_load.set()


def test_the_start_ends_with_all_versions_also_where_a_load_ends_at_once(base, loader, monkeypatch):
    add(base, 1, 2)
    registry = ModelRegistry()
    manager = ModelManager(registry, loader, QUICK)
    manager.configure([ModelSettings("m", base, All())])
    reconcile = manager._reconcile
    at_start_of_watching = {}

    def reconcile_and_let_loads_end():
        is_done = reconcile()
        wait_until(lambda: not manager._watched["m"].is_loading)
        return is_done

    monkeypatch.setattr(manager, "_reconcile", reconcile_and_let_loads_end)
    monkeypatch.setattr(manager._thread, "start", lambda: at_start_of_watching.update(states(registry)))
    manager.start()
    manager.stop()
    assert at_start_of_watching == {1: AVAILABLE, 2: AVAILABLE}


def test_closing_unloads_what_nobody_uses(start, base):
    add(base, 1)
    manager, registry = start(ModelSettings("m", base))
    with registry.use("m", None, None) as servable:
        pass
    manager.close()
    assert servable.is_closed
    assert states(registry) == {1: END}


def test_closing_does_not_pull_a_version_from_under_a_call(start, base):
    add(base, 1)
    manager, registry = start(ModelSettings("m", base))
    with registry.use("m", None, None) as servable:
        manager.close()
        assert not servable.is_closed


def test_a_call_that_is_stuck_does_not_hold_up_the_stop(start, base):
    add(base, 1)
    manager, registry = start(ModelSettings("m", base))
    with registry.use("m", 1, None) as servable:
        add(base, 2)
        wait_until(lambda: states(registry) == {1: UNLOADING, 2: AVAILABLE})
        stopping = threading.Thread(target=manager.stop)
        stopping.start()
        stopping.join(WAIT_SECONDS)
        has_stopped = not stopping.is_alive()
        is_intact = not servable.is_closed
    assert (has_stopped, is_intact) == (True, True)
    manager.close()
    assert servable.is_closed
    assert states(registry) == {1: END, 2: END}


def test_a_load_that_does_not_end_is_left_behind_after_the_timeout(start, base, loader, capsys):
    add(base, 1)
    manager, registry = start(ModelSettings("m", base))
    loader.may_load.clear()
    add(base, 2)
    wait_until(lambda: states(registry) == {1: AVAILABLE, 2: LOADING})
    manager.close(timeout_seconds=0.0)
    assert states(registry) == {1: END, 2: LOADING}
    assert "a load did not end in time" in capsys.readouterr().err
    loader.may_load.set()
