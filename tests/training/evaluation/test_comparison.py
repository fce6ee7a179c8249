import numpy as np
from PIL import Image

from tests.support.training_answers import noisy_answers
from training.evaluation.answers import Answers
from training.evaluation.comparison import ROWS, compare, draw_comparison, write_table
from training.evaluation.evaluate import measure
from training.evaluation.rates import paired_difference
from training.reporting.figures import draw_confusion, draw_curves


def comparison():
    answers = {"plain": noisy_answers(1.0), "better": noisy_answers(3.0)}
    results = {}
    for name, found in answers.items():
        evaluation = measure(found, 0.9)
        extra = {"parameters": 1000, "mflops": 1.5, "epochs_run": 3, "training_seconds": 9.0, "photos_per_second": 10.0}
        known = {**evaluation, **extra, "accuracy_95": evaluation["intervals_95"]["accuracy"]}
        results[name] = {row: known[row] for row in ROWS}
    return compare(results, answers, {"test_photos": 200, "test_subjects": 100, "bayes_accuracy": 0.9})


def test_better_model_has_a_paired_interval_above_zero():
    low, high = comparison()["paired"]["better - plain"]["interval_95"]
    assert 0.0 < low < high


def test_paired_difference_of_a_model_with_itself_is_exactly_zero():
    one = noisy_answers(1.0)
    found = paired_difference(one.subjects, one.depressed, one.p, one.p)
    assert found.figure() == {"value": 0.0, "interval_95": [0.0, 0.0]}


def test_pairing_makes_the_interval_narrower_than_for_independent_errors():
    one = noisy_answers(1.0)
    nearly = Answers(one.depressed, one.subjects, np.where(np.arange(200) % 50 == 0, 1 - one.p, one.p), one.p)
    other = noisy_answers(1.0, seed=9)

    def width(two):
        found = paired_difference(one.subjects, one.depressed, one.p, two.p)
        return found.high - found.low

    assert width(nearly) < 0.5 * width(other)


def test_table_states_every_row_and_that_the_faces_are_drawn():
    table = write_table(comparison())
    assert all(f"| {row.replace('_', ' ')} |" in table for row in ROWS)
    assert "Drawn faces only" in table


def test_pictures_are_written_and_equal_figures_give_equal_files(tmp_path):
    evaluation = measure(noisy_answers(2.0), 0.9)
    history = {name: [0.7, 0.6] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}
    for name in ("one", "two"):
        draw_confusion(evaluation, tmp_path / f"{name}-confusion.png", "title")
        draw_curves(history, tmp_path / f"{name}-curves.png", "title")
        draw_comparison(comparison(), tmp_path / f"{name}-comparison.png")
    for kind in ("confusion", "curves", "comparison"):
        content = (tmp_path / f"one-{kind}.png").read_bytes()
        assert content == (tmp_path / f"two-{kind}.png").read_bytes()
        with Image.open(tmp_path / f"one-{kind}.png") as image:
            assert image.size[0] > 400
            assert len(set(image.convert("L").get_flattened_data())) > 10
