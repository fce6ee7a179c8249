from pathlib import Path

from serving.local.demo import show_answer


def answer(**changes):
    model = {"name": "depression_severity", "version": 1, "evidence": "demo"}
    return {
        "band": "mild",
        "severity_percent": 31,
        "reasons": [],
        "model": model,
        "notice": ["Not a diagnosis."],
    } | changes


def test_an_answer_is_shown_with_what_it_is_worth(capsys):
    show_answer(Path("photo.jpg"), answer())
    shown = capsys.readouterr().out
    assert "middle score band (in the paper's words: mild); severity 31 %" in shown
    assert "evidence: demo" in shown
    assert "Not a diagnosis." in shown


def test_an_abstention_is_shown_without_a_number(capsys):
    reasons = [{"code": "unstable_answer", "detail": "It moves too much.", "advice": "Take another photo."}]
    show_answer(Path("photo.jpg"), answer(band=None, severity_percent=None, reasons=reasons))
    shown = capsys.readouterr().out
    assert "no band: It moves too much." in shown
    assert "%" not in shown
