"""What a drawn data set says of the best possible reader."""

import pytest

from training.errors import DataError
from training.evaluation.evaluate import read_bayes_accuracy


def test_data_that_are_not_drawn_have_none(tmp_path):
    assert read_bayes_accuracy(tmp_path) is None


def test_bayes_accuracy_is_that_of_the_description(tmp_path):
    (tmp_path / "synthesis.json").write_text('{"bayes_accuracy": 0.9}')
    assert read_bayes_accuracy(tmp_path) == 0.9


@pytest.mark.parametrize("content", ["", "[]", '{"complete": false}', '{"bayes_accuracy": null}'])
def test_damaged_description_is_a_sentence(content, tmp_path):
    (tmp_path / "synthesis.json").write_text(content)
    with pytest.raises(DataError, match=r"synthesis\.json does not say how well .* synthesize` again"):
        read_bayes_accuracy(tmp_path)
