"""The committed messages are what their .proto files say."""

from serving.wire.generate import ROOT, generate


def test_generated_files_are_current(tmp_path):
    for path in generate(tmp_path):
        committed = ROOT / path.relative_to(tmp_path)
        assert committed.read_text() == path.read_text(), (
            f"stale: run python -m serving.wire.generate ({committed.name})"
        )
