import pytest

from gateway.admission.upload_memory import UploadMemory
from gateway.errors import UploadMemoryFull


def test_uploads_share_a_bounded_memory_counted_as_it_arrives():
    held = []
    memory = UploadMemory(100, held.append)
    with memory.share() as one, memory.share() as other:
        one.grow(60)
        other.grow(40)
        with pytest.raises(UploadMemoryFull):
            other.grow(1)
        assert held[-1] == 100
        assert other.held_bytes == 40
    assert held[-1] == 0
