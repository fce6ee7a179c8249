"""What libFuzzer runs with every changed photo: decode it, look for a face, make the crop. Started by `tests.fuzz.photo`.

A photo may become a crop or a `PhotoError`. Any other exception, a crash, a unit that takes minutes, memory beyond the limit
and a file opened for writing end the campaign, with the photo kept.
"""

from __future__ import annotations

import os
import random
import sys

import atheris

with atheris.instrument_imports(include=["serving.contract", "PIL"]):
    from serving.contract.crop import make_crop
    from serving.contract.errors import PhotoError
    from serving.contract.face import FaceDetector
    from serving.contract.model import CropSpec
    from tests.fuzz.photo_mutations import repair, seeds
    from tests.fuzz.storage import written_bytes

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGING_EVENTS = frozenset(
    {
        "os.mkdir",
        "os.rename",
        "os.link",
        "os.symlink",
        "os.truncate",
        "os.remove",
        "shutil.copyfile",
        "tempfile.mkstemp",
    }
    | {"socket.connect", "socket.sendto", "subprocess.Popen", "os.system", "os.exec", "os.fork"}
)
DETECTOR = FaceDetector()
SPEC = CropSpec()
is_watching = False


class WroteSomething(BaseException):
    """A photo made the process open a file for writing, change a folder, connect or start a process."""


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if not is_watching:
        return
    opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    if opens or event in CHANGING_EVENTS:
        raise WroteSomething(event, arguments)


def try_photo(photo: bytes) -> None:
    global is_watching  # noqa: PLW0603 - an audit hook can be told in no other way
    refusal = None
    is_watching = True
    try:
        prepared = make_crop(photo, SPEC, DETECTOR)
    except PhotoError as error:
        refusal = error
    finally:
        is_watching = False
    if refusal is None:
        assert prepared.crop.shape == (SPEC.size, SPEC.size, 3)
    else:
        assert str(refusal)
        assert refusal.advice


def change(photo: bytes, max_bytes: int, seed: int) -> bytes:
    changed = atheris.Mutate(photo, len(photo) if random.Random(seed).random() < 0.2 else max_bytes)
    return repair(changed)[:max_bytes] if random.Random(seed + 1).random() < 0.7 else changed


if __name__ == "__main__":
    for seed in seeds().values():  # what is loaded once is loaded now
        try_photo(seed)
    sys.addaudithook(watch)
    print(f"stat::written_before_bytes: {written_bytes(os.getpid())}", flush=True)
    atheris.Setup(sys.argv, try_photo, custom_mutator=change)
    atheris.Fuzz()
