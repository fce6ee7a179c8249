"""The measure of how hard a page is to read measures what it says."""

import pytest

from tests.support.reading_grade import reading_grade, sentences_of, syllables_in

OF_A_DICTIONARY = {
    1: "the score face light low high means not those changed looked asked eyes drawn shown",
    2: "people photo model number person able measure tested taken being region faces again copies ended",
    3: "depression clinician confidence evidence decision instrument media serious medium",
    4: "severity validated emergency diagnosis demonstration situation",
    5: "probability",
}
"""Words of our pages, and of all kinds that the rules tell apart, by their syllables."""


@pytest.mark.parametrize(("count", "words"), OF_A_DICTIONARY.items())
def test_syllables_are_counted_as_in_a_dictionary(count, words):
    found = {word: syllables_in(word) for word in words.split()}
    assert {word: syllables for word, syllables in found.items() if syllables != count} == {}


def test_the_grade_is_that_of_the_formula():
    assert reading_grade(["The cat sat on the mat."]) == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert reading_grade(["Validated severity.", "No."]) == pytest.approx(0.39 * 3 / 2 + 11.8 * 9 / 3 - 15.59)


def test_full_sentences_alone_are_read():
    page = (
        "<head><title>No.</title></head><h2>A long heading without its stop</h2><p>One is <b>here</b>. Two?</p><p>Three <code>x.y.</code>!</p>"
        "<textarea>A line.\nNone\nAnother line.</textarea><dd>1,200; 3 of 4</dd>"
    )
    assert sentences_of(page) == ["One is here.", "Two?", "Three !", "A line.", "Another line."]
