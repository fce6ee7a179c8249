"""Replacing the config: the order of effects, and the file that is read again."""

import threading
import time

import pytest
from google.protobuf import text_format

from serving.server.errors import FailedPrecondition, InvalidArgument, NotFound, Unknown
from serving.server.manager import LoadRules, ModelManager
from serving.server.metrics import ServerMetrics
from serving.server.registry import AVAILABLE, END, ModelRegistry
from serving.server.reload import ConfigPoller, ConfigReloader
from serving.server.reload_call import ReloadCall
from serving.wire.server_config_pb2 import ModelServerConfig, ReloadConfigRequest

WAIT_SECONDS = 20.0
RULES = LoadRules(poll_seconds=0.005, max_retries=0, retry_seconds=0.0)


class Servable:
    def __init__(self, version):
        self.version = version

    def close(self):
        pass


class Setup:
    """A reloader over models `a` and `b`, each with versions 1 and 2; version 9 cannot be loaded."""

    def __init__(self, root, early_labels=False):
        self.root = root
        self.metrics = ServerMetrics()
        for name in ("a", "b"):
            for version in (1, 2):
                (root / name / str(version)).mkdir(parents=True)
        self.registry = ModelRegistry(labels_may_name_unavailable_versions=early_labels)
        self.manager = ModelManager(self.registry, self.load, RULES)
        self.reloader = ConfigReloader(self.registry, self.manager)
        self.call = ReloadCall(self.reloader, self.metrics)

    def load(self, name, version, _directory):
        self.metrics.request_count.increment(name, "OK")
        if version == 9:
            message = "it is broken"
            raise NotFound(message)
        return Servable(version)

    def text(self, *entries, platform='model_platform: "tensorflow"'):
        """`entries` are a model's name and what else stands in its entry."""
        models = [f'config {{ name: "{n}" base_path: "{self.root / n}" {platform} {more} }}' for n, more in entries]
        return f"model_config_list {{ {' '.join(models)} }}"

    def config(self, *entries, **options):
        return text_format.Parse(self.text(*entries, **options), ModelServerConfig())

    def begin(self, *entries):
        self.reloader.begin(self.config(*entries), threading.Event())

    def reload(self, *entries, **options):
        self.reloader.reload(self.config(*entries, **options), lambda: True)

    def states(self, name):
        try:
            return {status.version: status.state for status in self.registry.statuses(name, None)}
        except NotFound:
            return {}

    def answering(self, name, label=None):
        with self.registry.use(name, None, label) as servable:
            return servable.version


@pytest.fixture
def make(tmp_path):
    made = []

    def make_setup(**options):
        made.append(Setup(tmp_path, **options))
        return made[-1]

    yield make_setup
    for setup in made:
        setup.manager.stop()


def wait_until(condition):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def label(name, version):
    return f'version_labels {{ key: "{name}" value: {version} }}'


def test_new_models_are_waited_for_and_old_ones_go(make):
    setup = make()
    setup.begin(("a", ""))
    setup.reload(("b", ""))
    assert setup.answering("b") == 2
    wait_until(lambda: setup.states("a") == {2: END})


def test_an_empty_list_unloads_everything_and_it_may_all_come_back(make):
    setup = make()
    setup.begin(("a", ""))
    setup.reload()
    wait_until(lambda: setup.states("a") == {2: END})
    setup.reload(("a", ""))
    assert setup.answering("a") == 2


def test_a_label_needs_a_version_that_answers_and_a_refusal_changes_nothing(make):
    setup = make()
    setup.begin(("a", ""))
    setup.reload(("a", label("stable", 2)))
    with pytest.raises(FailedPrecondition) as error:
        setup.reload(("a", label("stable", 1)), ("b", ""))
    assert error.value.message == (
        "Request to assign label to version 1 of model a, which is not currently available for inference"
    )
    assert setup.answering("a", "stable") == 2
    assert setup.states("b") == {}


def test_labels_at_the_start_need_their_flag(make):
    with pytest.raises(FailedPrecondition):
        make().begin(("a", label("stable", 2)))


def test_with_their_flag_a_new_label_may_be_early_but_a_moved_one_may_not(make):
    setup = make(early_labels=True)
    setup.begin(("a", label("stable", 2) + label("lost", 7)))
    assert setup.answering("a", "stable") == 2
    with pytest.raises(NotFound, match=r"Specific\(a, 7\)"):
        setup.answering("a", "lost")
    with pytest.raises(FailedPrecondition):
        setup.reload(("a", label("stable", 7)))
    assert setup.answering("a", "stable") == 2


@pytest.mark.parametrize(
    ("entries", "options", "error", "words"),
    [
        ([("a", ""), ("b", "logging_config {}")], {}, InvalidArgument, "No request-logger-creator provided."),
        (
            [("b", "")],
            {"platform": 'model_platform: "pytorch"'},
            InvalidArgument,
            "Model b requests unsupported platform pytorch",
        ),
    ],
)
def test_what_fails_after_the_labels_has_swapped_them_already(make, entries, options, error, words):
    setup = make()
    setup.begin(("a", ""))
    setup.reload(("a", label("stable", 2)))
    with pytest.raises(error) as failure:
        setup.reload(*entries, **options)
    assert failure.value.message == words
    with pytest.raises(InvalidArgument, match="Unrecognized servable version label: stable"):
        setup.answering("a", "stable")
    assert setup.answering("a") == 2


def test_a_config_that_failed_is_what_the_next_one_is_compared_with(make):
    setup = make()
    setup.begin(("a", ""))
    with pytest.raises(InvalidArgument, match="unsupported platform"):
        setup.reload(("b", ""), platform='model_platform: "pytorch"')
    with pytest.raises(InvalidArgument, match="For model b platform was pytorch and new platform requested is tensor"):
        setup.reload(("b", ""))


def test_a_new_model_that_cannot_be_loaded_is_unknown(make):
    setup = make()
    setup.begin(("a", ""))
    (setup.root / "b" / "9").mkdir()
    with pytest.raises(Unknown) as error:
        setup.reload(("a", ""), ("b", ""))
    assert error.value.message == (
        "1 model(s) did not become available: {{{name: b version: 9} due to error: NOT_FOUND: it is broken}, }"
    )
    assert setup.answering("a") == 2


def test_no_config_at_the_start_leaves_room_for_one_but_not_the_other_way_round(make):
    setup = make()
    setup.reloader.begin(ModelServerConfig(), threading.Event())
    setup.reload(("a", ""))
    assert setup.answering("a") == 2
    with pytest.raises(FailedPrecondition, match="Cannot transition to requested config"):
        setup.reloader.reload(ModelServerConfig(), lambda: True)


def test_counters_that_the_call_names_say_how_far_they_rose(make):
    setup = make()
    setup.begin(("a", ""))
    names = ["/tensorflow/serving/request_count", "/no/such/counter"]
    request = ReloadConfigRequest(config=setup.config(("a", "model_version_policy { all {} }")), metric_names=names)
    answer = setup.call.answer(request, lambda: True)
    assert [(metric.name, metric.int64_value_increase) for metric in answer.metric] == [(names[0], 0), (names[1], 0)]
    wait_until(lambda: setup.states("a") == {1: AVAILABLE, 2: AVAILABLE})
    request.config.CopyFrom(setup.config())
    setup.call.answer(request, lambda: True)
    wait_until(lambda: setup.states("a") == {1: END, 2: END})
    request.config.CopyFrom(setup.config(("a", "")))
    answer = setup.call.answer(request, lambda: True)
    assert answer.metric[0].int64_value_increase == 1
    assert answer.HasField("status")


def test_a_call_without_a_list_is_refused(make):
    with pytest.raises(InvalidArgument) as error:
        make().call.answer(ReloadConfigRequest(), lambda: True)
    assert error.value.message == (
        "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
    )


def test_the_file_is_taken_again_also_unchanged_and_a_wrong_one_changes_nothing(make, tmp_path, capsys):
    setup = make()
    setup.begin(("a", ""))
    path = tmp_path / "models.config"
    path.write_text("no config")
    poller = ConfigPoller(path, 0.005, setup.reloader)

    def label_answers():
        try:
            return setup.answering("a", "old") == 1
        except InvalidArgument:
            return False

    poller.start()
    try:
        wait_until(lambda: "model config not taken" in capsys.readouterr().err)
        assert setup.answering("a") == 2
        path.write_text(setup.text(("a", "model_version_policy { all {} }")))
        wait_until(lambda: setup.states("a").get(1) == AVAILABLE)
        path.write_text(setup.text(("a", "model_version_policy { all {} }" + label("old", 1))))
        wait_until(label_answers)
    finally:
        poller.stop()


def test_a_caller_who_gives_up_behind_another_lets_go_and_its_config_is_never_taken(make, tmp_path):
    setup = make()
    setup.begin(("a", ""))
    (tmp_path / "c").mkdir()
    first_gave_up, second_gave_up, second_waits = (threading.Event() for _ in range(3))

    def second_is_awaited():
        second_waits.set()
        return not second_gave_up.is_set()

    first = threading.Thread(
        target=setup.reloader.reload, args=(setup.config(("a", ""), ("c", "")), lambda: not first_gave_up.is_set())
    )
    second = threading.Thread(target=setup.reloader.reload, args=(setup.config(("b", "")), second_is_awaited))
    first.start()
    try:
        wait_until(setup.reloader._lock.locked)
        second.start()
        assert second_waits.wait(WAIT_SECONDS)
        second_gave_up.set()
        second.join(WAIT_SECONDS)
        assert not second.is_alive()
        assert first.is_alive()
    finally:
        first_gave_up.set()
        first.join(WAIT_SECONDS)
    setup.reloader.reload(setup.config(("b", "")), lambda: False)
    assert setup.states("b") == {}
    assert setup.answering("a") == 2


def test_a_file_that_corrects_a_wrong_base_path_is_read(make, tmp_path):
    setup = make()
    setup.begin(("a", ""))
    path = tmp_path / "models.config"
    path.write_text(setup.text(("a", ""), ("b", "")).replace(str(tmp_path / "b"), str(tmp_path / "wrong")))
    poller = ConfigPoller(path, 0.005, setup.reloader)
    poller.start()
    try:
        wait_until(setup.reloader._lock.locked)
        assert setup.states("b") == {}
        path.with_name("new").write_text(setup.text(("a", ""), ("b", "")))
        path.with_name("new").replace(path)
        wait_until(lambda: setup.states("b") == {2: AVAILABLE})
    finally:
        poller.stop()
