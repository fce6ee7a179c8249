"""What a version's contract says of it, in the reader's language: limits and hold-out figures."""

import ast
import html
import re

import pytest

from gateway.languages import CATALOGUES, ENGLISH
from gateway.languages.de import GERMAN
from monitoring.metrics import STAGES
from serving.contract.model import Evidence
from serving.contract.quality import Quality
from tests.support.gateway import LIMITS, FakeGateway, multipart
from tests.support.gateway_process import PROJECT
from training.reporting.model_card import limits_of

LANGUAGES = [get() for get in CATALOGUES.values()]
OTHERS = [language for language in LANGUAGES if language is not ENGLISH]
ids = pytest.mark.parametrize("language", OTHERS, ids=lambda each: each.tag)
HOLDOUT = {
    "photos": 1200.0,
    "subjects": 1.0,
    "accuracy": 0.5612,
    "accuracy_low": 0.5149,
    "accuracy_high": 0.6051,
    "auroc": 0.796,
    "recall_at_5": 0.25,
    "recall_at_5_low": 0.125,
    "recall_at_5_high": 0.5,
}


def text_of(gateway, tag):
    """The page with an answer, and the page before it, as words."""
    headers = {"Accept": "text/html", "Accept-Language": tag}
    body, content_type = multipart(("photo", "face.jpg", b"photo"))
    pages = (
        gateway.client.get("/", headers=headers),
        gateway.client.post("/", data=body, content_type=content_type, headers=headers),
    )
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split()) for page in pages]


def own_limits():
    return {limit for evidence in Evidence for limit in limits_of(evidence, knows_nothing=True, subjects_known=False)}


@ids
def test_a_language_has_every_limit_that_our_training_writes(language):
    assert set(language.limits) == own_limits()
    assert not set(language.limits) & set(language.limits.values())


@pytest.mark.parametrize("tag", ["de", "en"])
def test_our_limits_are_translated_and_a_sites_own_stay_as_they_are(tmp_path, tag):
    ours = limits_of(Evidence.DEMO, knows_nothing=True)
    gateway = FakeGateway(tmp_path, languages=("en", "de"), contract={"limits": (*ours, *LIMITS)})
    told = [*(GERMAN.limits[limit] for limit in ours), *LIMITS] if tag == "de" else [*ours, *LIMITS]
    headers = {"Accept-Language": tag}
    assert gateway.screen(headers=headers).json["model"]["limits"] == told
    assert gateway.client.get("/v1/models", headers=headers).json["models"][0]["limits"] == told
    for text in text_of(gateway, tag):
        assert [limit for limit in told if limit not in text] == []


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.tag)
def test_every_stage_of_an_answer_has_words(language):
    assert set(language.stage_words) == set(STAGES)
    assert set(language.quality_words) == set(Quality().as_dict())


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.tag)
def test_every_figure_that_our_export_writes_has_words_or_is_an_end_of_an_interval(language):
    source = (PROJECT / "training" / "export" / "version.py").read_text(encoding="utf-8")
    written = next(
        {key.value for key in node.value.keys}
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "holdout"
        and isinstance(node.value, ast.Dict)
    )
    assert set(language.figure_words) == {name for name in written if not name.endswith(("_low", "_high"))}


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("en", ("Photos 1,200;", "Subjects 1;", "Accuracy 0.56 (95 % 0.51 to 0.61);", "AUROC 0.796;", "decoding 0.0")),
        (
            "de",
            (
                "Fotos 1 200;",
                "Personen 1;",
                "Genauigkeit 0.56 (95 % 0.51 bis 0.61);",
                "AUROC 0.796;",
                "Suche des Gesichts",
            ),
        ),
    ],
)
def test_holdout_figures_are_words_and_an_interval_is_one_line(tmp_path, tag, told):
    unordered = dict(sorted(HOLDOUT.items(), reverse=True))
    for number, holdout in enumerate((HOLDOUT, unordered)):
        gateway = FakeGateway(tmp_path / str(number), languages=("en", "de"), contract={"holdout": holdout})
        before, after = (text + ";" for text in text_of(gateway, tag))
        for text in (before, after):
            assert [words for words in told[:-1] if words.rstrip(";") not in text] == []
            assert not re.search(r"accuracy.(low|high)", text)
            assert text.index(told[0]) < text.index(told[2]) < text.index("recall_at_5 0.250")
            assert "recall_at_5_low 0.125" in text
        assert told[-1].split(" 0.")[0] in after
