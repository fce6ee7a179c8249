"""A version's golden crops, asked through a server that answers rightly, wrongly, reversed, or nonsense."""

import numpy as np
import pytest

from serving.contract.model import Evidence, ModelContract
from serving.contract.severity import band_of, severity_ppm
from serving.wire.channel import open_channel
from serving.wire.client import ModelServerClient
from serving.wire.errors import AnswerMalformed, GoldenUnreadable
from serving.wire.golden_check import GOLDEN_PATH, check_golden, read_golden
from tests.support.stub_model_server import StubModelServer

P = np.linspace(0.05, 0.95, 20)


def contract(**changes):
    given = {"version": 3, "architecture": "none", "evidence": Evidence.DEMO, "training_data": "none", "limits": ()}
    versions = {"tensorflow_version": "0", "keras_version": "0", "created": "2026-11-24T00:00:00Z"}
    return ModelContract(**{**given, **versions, **changes})


@pytest.fixture
def version(tmp_path):
    path = tmp_path / "3" / GOLDEN_PATH
    path.parent.mkdir(parents=True)
    bands = [str(band_of(severity_ppm(p))) for p in P]
    np.savez_compressed(path, crops=np.zeros((len(P), 8, 8, 3), np.uint8), p_no_depression=P, band=np.array(bands))
    return tmp_path / "3"


@pytest.fixture
def check(version):
    def check_answers(p, asked=None, answering_version=3):
        with StubModelServer(3, p) as server, open_channel(server.address) as channel:
            server.answering_version = answering_version
            client = ModelServerClient(channel)
            return check_golden(client, asked or contract(), read_golden(version), 10.0)

    return check_answers


def column(p):
    return np.asarray(p, np.float32)[:, None]


def test_the_promised_answers_pass(check):
    result = check(column(P))
    assert result.passed
    assert (result.crops, result.bands_moved, result.tolerance) == (20, 0, 1e-3)
    assert result.largest_p_difference < 1e-6
    assert str(result).endswith("0 of 20 bands moved")


def test_an_answer_beyond_the_tolerance_fails(check):
    away = P.copy()
    away[7] += 0.002
    assert not check(column(away)).passed
    assert check(column(away), contract(precision="bfloat16", devices=("cpu",))).passed


def test_a_band_that_moved_fails_within_the_tolerance_too(check, version):
    path = version / GOLDEN_PATH
    with np.load(path) as content:
        arrays = dict(content)
    edge = np.float64(0.7)
    np.savez_compressed(
        path, **(arrays | {"p_no_depression": np.r_[P[:-1], edge], "band": np.append(arrays["band"][:-1], "none")})
    )
    result = check(column(np.r_[P[:-1], edge - 1e-5]))
    assert (result.bands_moved, result.passed) == (1, False)
    assert result.largest_p_difference < result.tolerance


def test_reversed_polarity_is_called_by_its_name(check):
    result = check(column(1.0 - P))
    assert result.polarity_reversed
    assert not result.passed
    assert "polarity is reversed" in str(result)


@pytest.mark.parametrize("answer", [column(P[:-1]), column(P) * np.float32(np.nan), column(P) + 1, None])
def test_what_is_no_probability_per_crop_is_no_answer(check, answer):
    with pytest.raises(AnswerMalformed, match="one probability per crop"):
        check(answer)


def test_the_answer_of_another_version_does_not_count(check):
    with pytest.raises(AnswerMalformed, match="version 4 answered in place of version 3"):
        check(column(P), answering_version=4)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no zip", b"\x80\x04K\x01."])
def test_golden_crops_that_cannot_be_read_are_named(version, content):
    path = version / GOLDEN_PATH
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GoldenUnreadable, match=r"golden\.npz of version 3 cannot be read"):
        read_golden(version)


@pytest.mark.parametrize("arrays", [{"crops": np.zeros((2, 8, 8, 3), np.float32)}, {"band": np.array(["none"])}])
def test_golden_crops_of_another_form_are_named(version, arrays):
    path = version / GOLDEN_PATH
    with np.load(path) as content:
        np.savez(path, **(dict(content) | arrays))
    with pytest.raises(GoldenUnreadable, match="does not hold crops with one answer each"):
        read_golden(version)
