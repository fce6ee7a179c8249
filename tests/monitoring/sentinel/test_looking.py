import dataclasses

import pytest

from monitoring.sentinel.errors import GoldenPhotosUnreadable, NoAnswer
from monitoring.sentinel.front_door import Reply
from monitoring.sentinel.golden_photos import GoldenPhoto, GoldenSet
from monitoring.sentinel.looking import LookResult, judge, look
from serving.contract.policy import Abstention, Policy
from serving.contract.severity import Thresholds

SCORED = GoldenPhoto("scored-0.jpg", b"face", severity_ppm=250_000)
REFUSED = GoldenPhoto("refused-0.jpg", b"nobody", refusal="no_face")
GOLDEN = GoldenSet(7, "ab" * 32, (SCORED, REFUSED), tolerance_ppm=1_000, policy=Policy())


def answer(severity_ppm=250_000, band="none", **changes):
    content = {
        "model": {"version": 7, "digest": "ab" * 32},
        "policy": {"digest": Policy().digest},
        "severity_ppm": severity_ppm,
        "band": band,
        "abstained": False,
        **changes,
    }
    return Reply(200, content)


@pytest.mark.parametrize(
    ("reply", "photo", "result", "code"),
    [
        (answer(), SCORED, "right", "as_promised"),
        (answer(251_000), SCORED, "right", "as_promised"),
        (answer(251_001), SCORED, "wrong", "severity_differs"),
        (answer(750_000, "high"), SCORED, "wrong", "severity_differs"),
        (answer(band="mild"), SCORED, "wrong", "band_differs"),
        (answer(band=None), SCORED, "wrong", "band_differs"),
        (answer(band=None, abstained=True), SCORED, "wrong", "band_differs"),
        (answer(policy={"digest": "cd" * 32}), SCORED, "wrong", "policy_not_recorded"),
        (answer(model={"version": 6, "digest": "ab" * 32}), SCORED, "other_version", "not_the_pinned_version"),
        (answer(model={"version": 7, "digest": "cd" * 32}), SCORED, "other_version", "not_the_pinned_version"),
        (answer(model=None), SCORED, "wrong", "answer_malformed"),
        (Reply(200, {}), SCORED, "unanswered", "no_problem"),
        (Reply(404, {}), SCORED, "unanswered", "no_problem"),
        (Reply(308, {}), REFUSED, "unanswered", "no_problem"),
        (Reply(413, {}), SCORED, "unanswered", "no_problem"),
        (Reply(413, {"code": "photo_too_large"}), SCORED, "wrong", "refusal_differs"),
        (Reply(415, {"code": "upload_type_unsupported"}), SCORED, "unanswered", "upload_type_unsupported"),
        (Reply(422, {"code": "too_dark"}), SCORED, "wrong", "refusal_differs"),
        (answer(), REFUSED, "wrong", "not_refused"),
        (Reply(422, {"code": "no_face"}), REFUSED, "right", "refused_as_promised"),
        (Reply(422, {"code": "too_dark"}), REFUSED, "wrong", "refusal_differs"),
        (Reply(401, {"code": "credential_invalid"}), SCORED, "blind", "key_not_accepted"),
        (Reply(403, {}), REFUSED, "blind", "key_not_accepted"),
        (Reply(503, {"code": "model_unavailable"}), SCORED, "unanswered", "model_unavailable"),
        (Reply(429, {}), REFUSED, "unanswered", "no_problem"),
        (Reply(429, {"code": "client_rate_exceeded"}), REFUSED, "blind", "client_rate_exceeded"),
    ],
)
def test_what_is_thought_of_a_reply(reply, photo, result, code):
    found = judge(reply, photo, GOLDEN)
    assert (found.result, found.code, found.photo) == (result, code, photo.name)


def test_a_policy_that_nobody_put_in_force_is_wrong():
    assert judge(answer(), SCORED, dataclasses.replace(GOLDEN, policy=None)).code == "policy_not_recorded"


def test_band_follows_the_policy_in_force_and_not_the_papers():
    policy = Policy(2, Thresholds(200_000, 600_000))
    golden = dataclasses.replace(GOLDEN, policy=policy)
    under = {"policy": {"digest": policy.digest}}
    assert judge(answer(band="mild", **under), SCORED, golden).result == "right"
    assert judge(answer(band="none", **under), SCORED, golden).code == "band_differs"


def test_under_a_policy_with_abstention_no_band_is_right_and_the_severity_still_counts():
    policy = Policy(3, abstention=Abstention(50_000, 0.9, 0.9))
    golden = dataclasses.replace(GOLDEN, policy=policy)
    under = {"policy": {"digest": policy.digest}, "band": None, "abstained": True}
    assert judge(answer(**under), SCORED, golden).result == "right"
    assert judge(answer(severity_ppm=400_000, **under), SCORED, golden).code == "severity_differs"


def test_a_look_asks_for_every_photo_and_its_worst_finding_counts():
    replies = {b"face": answer(400_000, "mild"), b"nobody": Reply(422, {"code": "no_face"})}
    asked = []

    def screen(photo):
        asked.append(photo)
        return replies[photo]

    assert look(lambda: GOLDEN, screen).code == "severity_differs"
    assert asked == [b"face", b"nobody"]


def test_a_look_that_gets_no_answer_asks_no_further():
    asked = []

    def screen(photo):
        asked.append(photo)
        raise NoAnswer("certificate_invalid")

    found = look(lambda: GOLDEN, screen)
    assert (found.result, found.code, asked) == (LookResult.UNANSWERED, "certificate_invalid", [b"face"])


def test_without_golden_photos_a_look_is_blind_and_asks_nobody():
    def read():
        raise GoldenPhotosUnreadable("none")

    assert look(read, lambda _: pytest.fail("asked")).result is LookResult.BLIND
