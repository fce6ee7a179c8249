import hashlib

import pytest

from training.approval.change_policy import DEFAULT_PATH, read_change_policy
from training.errors import ChangePolicyInvalid


def test_the_default_policy_is_read_with_its_digest():
    policy = read_change_policy()
    assert policy.name == "default"
    assert policy.digest == hashlib.sha256(DEFAULT_PATH.read_bytes()).hexdigest()
    assert policy.allowed_loss["accuracy"] == 0.03
    assert (policy.smallest_photos, "smallest_photos" in policy.allowed_loss_in_subgroup) == (100, False)
    assert policy.demo_needs_floors is False


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("symmetra.change_policy/1", "other/1", "is no change policy"),
        ("accuracy = 0.03", "acuracy = 0.03", "allowed_loss.acuracy is not known; figures are accuracy, "),
        ("accuracy = 0.03", "accuracy = 3", "allowed_loss.accuracy is 3, which is not a number from 0 to 1"),
        ("accuracy = 0.03", "accuracy = true", "allowed_loss.accuracy is True"),
        ("crop = false", "", "may_change.crop is missing"),
        ("crop = false", "crop = 0", "may_change.crop is 0, which is not a bool"),
        ("[ceilings]", "[roofs]", "roofs is not known; ceilings is missing"),
        ("smallest_photos = 100", "smallest_photos = 0", "smallest_photos must be a whole number from 1 on"),
        ("[floors]", "[floors", "cannot be read as a change policy"),
        ("largest_share_changed = 0.20", 'largest_share_changed = "few"', "bands.largest_share_changed is 'few'"),
        (
            "largest_share_changed = 0.20",
            "largest_share_changed = 20",
            "largest_share_changed is 20, which is not a num",
        ),
        ("largest_share_over_two = 0.01", "largest_share_over_two = nan", "bands.largest_share_over_two is nan"),
        ("largest_share_over_two = 0.01", "largest_share_over_two = -0.1", "bands.largest_share_over_two is -0.1"),
        ("logistic_grey", "logistic_gray", "first_version.beat names 'logistic_gray'; baselines are prevalence, "),
    ],
)
def test_a_policy_that_cannot_be_applied_is_refused_with_the_place(tmp_path, old, new, said):
    path = tmp_path / "ours.toml"
    text = DEFAULT_PATH.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ChangePolicyInvalid) as refusal:
        read_change_policy(path)
    assert said in str(refusal.value)
    assert "ours.toml" in str(refusal.value)


def test_a_policy_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ChangePolicyInvalid, match=r"none\.toml cannot be read"):
        read_change_policy(tmp_path / "none.toml")
