"""Which candidates may replace which champion: on arrays, without a network."""

import dataclasses

import numpy as np
import pytest

from serving.contract.model import CropSpec, Evidence, ModelContract
from serving.contract.severity import PAPER_THRESHOLDS
from training.approval.change_policy import read_change_policy
from training.approval.comparison import HoldOut, compare
from training.approval.rules import Sides, Verdict, failed, judge
from training.data.manifest import Photo

PHOTOS, PER_SUBJECT = 1200, 2
"""Enough for the ECE to be judged (1,000), and for the site "north", a twelfth, to be just large enough to be judged (100)."""
MEASURED = {}
BEATEN = {"logistic_grey": 0.1, "logistic_colour": 0.1}
POLICY = read_change_policy()


def make_contract(**changes):
    fields = {
        "version": 2,
        "architecture": "twin",
        "evidence": Evidence.RESEARCH,
        "training_data": "none",
        "limits": (),
        "tensorflow_version": "0",
        "keras_version": "0",
        "created": "2026-11-22T00:00:00Z",
    }
    return ModelContract(**(fields | changes))


@pytest.fixture(scope="module")
def hold_out():
    photos = [
        Photo(
            f"{number}.jpg",
            f"s{number // PER_SUBJECT:04d}",
            (number // PER_SUBJECT) % 2,
            site="island" if number >= PHOTOS - 4 else "north" if number // PER_SUBJECT % 24 < 2 else "south",
        )
        for number in range(PHOTOS)
    ]
    return HoldOut.of_photos(photos)


def answers(hold_out, right=0.88, seed=1):
    """A calibrated reader that is right about so many photos."""
    rng = np.random.default_rng(seed)
    is_right = rng.random(PHOTOS) < right
    p_when_right = np.where(hold_out.depressed, 1.0 - right, right)
    p = np.where(is_right, p_when_right, 1.0 - p_when_right) + rng.normal(0, 0.02, PHOTOS)
    return p.round(2).astype(np.float32)  # few different values: the figures are computed in a moment


@pytest.fixture(scope="module")
def champion_p(hold_out):
    return answers(hold_out)


def judged(hold_out, p_candidate, p_champion, *, policy=POLICY, candidate=None, champion=None, **facts):
    key = (hold_out.digest, p_candidate.tobytes(), p_champion is not None and p_champion.tobytes())
    if key not in MEASURED:
        MEASURED[key] = compare(hold_out, p_candidate, p_champion, PAPER_THRESHOLDS, policy.smallest_photos)
    sides = Sides(
        candidate=candidate or make_contract(),
        champion=champion or (None if p_champion is None else make_contract(version=1)),
        **({"thresholds_changed": False, "baseline_gains": BEATEN} | facts),
    )
    return judge(MEASURED[key], sides, policy)


def broken(findings):
    return [finding.rule for finding in failed(findings)]


def worse_where(p, member, share, seed=3):
    """The same answers, but on the other side of 0.5 for a share of the photos that `member` names."""
    chosen = member & (np.random.default_rng(seed).random(len(p)) < share)
    return np.where(chosen, np.where(p > 0.5, 0.42, 0.58), p).astype(np.float32)


def test_a_candidate_as_good_as_the_champion_passes_every_rule(hold_out, champion_p):
    moved = (champion_p + np.random.default_rng(5).choice([-0.02, 0.0, 0.02], PHOTOS)).astype(np.float32)
    findings = judged(hold_out, moved, champion_p)
    assert broken(findings) == []
    assert {finding.verdict for finding in findings} == {Verdict.PASSED, Verdict.NOT_JUDGED}


def test_a_worse_candidate_fails_by_the_figures_it_is_worse_in_and_each_says_by_how_much(hold_out, champion_p):
    worse = worse_where(champion_p, hold_out.depressed, 0.5)
    findings = judged(hold_out, worse, champion_p)
    rules = broken(findings)
    assert {"gain in accuracy", "gain in sensitivity", "gain in brier"} <= set(rules)
    assert "gain in specificity" not in rules
    said = str(next(finding for finding in findings if finding.rule == "gain in sensitivity"))
    assert said.startswith("FAILED     gain in sensitivity: -0.")
    assert "lower end of the paired 95 % interval at least -0.05" in said


def test_a_candidate_that_fails_one_subgroup_only_is_refused_for_that_subgroup(hold_out, champion_p):
    north = np.array(hold_out.groups["site"]) == "north"
    rules = broken(judged(hold_out, worse_where(champion_p, north, 0.25), champion_p))
    assert all(rule.endswith("where site is north") for rule in rules)
    assert "gain in accuracy where site is north" in rules


def test_a_subgroup_with_few_photos_is_called_insufficient_and_not_judged(hold_out, champion_p):
    island = np.array(hold_out.groups["site"]) == "island"
    assert island.sum() == 4
    findings = judged(hold_out, np.where(island, 1.0 - champion_p, champion_p), champion_p)
    finding = next(finding for finding in findings if finding.rule == "loss where site is island")
    assert finding.verdict is Verdict.NOT_JUDGED
    assert finding.measured == "4 photos of 2 subjects, which is insufficient"
    assert broken(findings) == []


def test_many_photos_of_few_people_are_insufficient_too(hold_out, champion_p):
    crowd = tuple("few" if number < 240 else "" for number in range(PHOTOS))
    subjects = tuple(f"x{number % 30}" if number < 240 else name for number, name in enumerate(hold_out.subjects))
    depressed = np.where(np.arange(PHOTOS) < 240, np.arange(PHOTOS) % 2 == 1, hold_out.depressed)
    found = HoldOut(depressed, subjects, {"device": crowd}, "crowd")
    findings = judged(found, champion_p, champion_p)
    finding = next(finding for finding in findings if finding.rule == "loss where device is few")
    assert finding.measured == "240 photos of 30 subjects, which is insufficient"
    assert finding.limit.endswith("20 subjects of each label on")


def test_the_ece_is_held_against_a_calibrated_model_and_only_on_enough_photos(hold_out, champion_p):
    verdict = {finding.rule: finding.verdict for finding in judged(hold_out, champion_p, None)}
    assert verdict["ece"] is Verdict.PASSED
    sure = np.where(champion_p > 0.5, 0.999, 0.001).astype(np.float32)
    blurred = (0.5 + (sure - 0.5) * 0.3).astype(np.float32)
    assert "ece" in broken(judged(hold_out, blurred, None))
    comparison = compare(hold_out, blurred, None, PAPER_THRESHOLDS, 100)
    few = dataclasses.replace(comparison, photos=999)
    sides = Sides(make_contract(), None, thresholds_changed=False, baseline_gains=BEATEN)
    ece = next(finding for finding in judge(few, sides, POLICY) if finding.rule == "ece")
    assert ece.verdict is Verdict.NOT_JUDGED


def test_too_few_photos_refuse_because_nothing_is_shown(hold_out):
    few = HoldOut(
        hold_out.depressed[:60], hold_out.subjects[:60], {name: v[:60] for name, v in hold_out.groups.items()}, "few"
    )
    one, other = answers(hold_out, seed=7)[:60], answers(hold_out, seed=8)[:60]
    assert "gain in accuracy" in broken(judged(few, one, other))


def test_bands_that_move_are_counted_and_limited(hold_out, champion_p):
    over = champion_p.copy()
    over[:40] = 1.0 - over[:40]
    findings = {finding.rule: finding for finding in judged(hold_out, over, champion_p)}
    assert findings["photos whose band changes"].measured == "3.3%"
    assert findings["photos whose band changes"].verdict is Verdict.PASSED
    assert findings["photos whose band changes over two"].measured == "3.3%"
    assert findings["photos whose band changes over two"].verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("candidate", "facts", "rule", "said"),
    [
        ({"crop": CropSpec(kind="whole")}, {}, "change of crop", "kind='whole'"),
        ({"evidence": Evidence.DEMO}, {}, "change of evidence", "from research to demo"),
        ({}, {"thresholds_changed": True}, "change of thresholds", "must not change"),
        ({"architecture": "paper"}, {}, None, ""),
        ({"evidence": Evidence.SITE_VALIDATED}, {}, None, ""),
    ],
)
def test_only_what_the_policy_names_may_change(*, hold_out, champion_p, candidate, facts, rule, said):
    findings = judged(hold_out, champion_p, champion_p, candidate=make_contract(**candidate), **facts)
    assert broken(findings) == ([] if rule is None else [rule])
    assert said in " ".join(str(finding) for finding in failed(findings))


def test_a_policy_may_forbid_another_architecture(hold_out, champion_p):
    policy = dataclasses.replace(POLICY, may_change=POLICY.may_change | {"architecture": False})
    findings = judged(hold_out, champion_p, champion_p, policy=policy, candidate=make_contract(architecture="paper"))
    assert broken(findings) == ["change of architecture"]
    assert "from twin to paper (must not change)" in str(failed(findings)[0])


def test_a_champion_of_other_crops_is_no_champion_to_compare_with(hold_out, champion_p):
    policy = dataclasses.replace(POLICY, may_change=POLICY.may_change | {"crop": True})
    champion = make_contract(version=1, crop=CropSpec(kind="whole"))
    findings = judged(hold_out, champion_p, None, policy=policy, champion=champion)
    assert broken(findings) == []
    assert "accuracy above the baseline prevalence" in {finding.rule for finding in findings}


def test_a_first_version_must_beat_the_baselines_and_reach_the_floors(hold_out, champion_p):
    assert broken(judged(hold_out, champion_p, None)) == []
    unmeasured = judged(hold_out, champion_p, None, baseline_gains={"logistic_grey": 0.1})
    assert broken(unmeasured) == ["accuracy above the baseline logistic_colour"]
    assert "python -m training report" in str(failed(unmeasured)[0])
    coin = answers(hold_out, right=0.5)
    rules = broken(judged(hold_out, coin, None, baseline_gains={"logistic_grey": -0.1}))
    assert {"auroc", "accuracy above the baseline prevalence", "accuracy above the baseline logistic_grey"} <= set(
        rules
    )


def test_a_first_demo_version_that_knows_nothing_is_let_pass_and_says_so(hold_out):
    coin = answers(hold_out, right=0.5)
    findings = judged(hold_out, coin, None, candidate=make_contract(evidence=Evidence.DEMO))
    assert broken(findings) == []
    waived = [finding for finding in findings if finding.verdict is Verdict.WAIVED]
    assert "auroc" in {finding.rule for finding in waived}
    assert "does not ask it of a first version of demo evidence" in str(waived[0])
    strict = dataclasses.replace(POLICY, demo_needs_floors=True)
    assert "auroc" in broken(
        judged(hold_out, coin, None, policy=strict, candidate=make_contract(evidence=Evidence.DEMO))
    )
    demo = {"candidate": make_contract(evidence=Evidence.DEMO), "champion": make_contract(evidence=Evidence.DEMO)}
    assert "auroc" in broken(judged(hold_out, coin, coin, **demo)), "only a first version"


def test_a_gain_is_positive_where_the_candidate_is_better_whichever_way_the_figure_counts(hold_out):
    better, worse = answers(hold_out, 0.9, 11), answers(hold_out, 0.75, 12)
    gain = compare(hold_out, better, worse, PAPER_THRESHOLDS, 100).figures["gain"]
    assert all(float(gain[name].value) > 0 for name in ("accuracy", "sensitivity", "specificity", "auroc", "brier"))
    back = compare(hold_out, worse, better, PAPER_THRESHOLDS, 100).figures["gain"]
    assert float(back["brier"].value) == pytest.approx(-float(gain["brier"].value))
