"""Warm-up files are written and read without TensorFlow."""

import numpy as np
import pytest

from serving.wire import predict_pb2 as pb
from serving.wire.errors import WarmupMalformed
from serving.wire.tensors import to_array, to_tensor_proto
from serving.wire.warmup import MAX_WARMUP_RECORDS, crc32c, read_warmup, write_warmup


def request(value):
    made = pb.PredictRequest(model_spec=pb.ModelSpec(name="toy", signature_name="serving_default"))
    made.inputs["x"].CopyFrom(to_tensor_proto(np.float32([value])))
    return made


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "assets.extra" / "tf_serving_warmup_requests"
    assert write_warmup(path, [request(1), request(2)]) == 2
    return path


def test_records_come_back_in_order(written):
    values = [to_array(record.predict_log.request.inputs["x"]).tolist() for record in read_warmup(written)]
    assert values == [[1.0], [2.0]]


def test_checksum_is_the_one_of_rfc_3720():
    # RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and ascending.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_every_flipped_bit_is_noticed(written):
    content = written.read_bytes()
    for position in range(len(content)):
        written.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        with pytest.raises(WarmupMalformed):
            list(read_warmup(written))


def test_every_cut_is_noticed(written):
    content = written.read_bytes()
    first_record = 16 + int.from_bytes(content[:8], "little")
    for length in set(range(1, len(content))) - {first_record}:
        written.write_bytes(content[:length])
        with pytest.raises(WarmupMalformed):
            list(read_warmup(written))


def test_something_else_is_named(tmp_path):
    path = tmp_path / "warmup"
    path.write_text("this is no TFRecord file")
    with pytest.raises(WarmupMalformed, match="Is this even a TFRecord file"):
        list(read_warmup(path))


def test_more_records_than_a_server_accepts_are_refused(tmp_path):
    path = tmp_path / "warmup"
    with pytest.raises(WarmupMalformed, match="1001"):
        write_warmup(path, [request(1)] * (MAX_WARMUP_RECORDS + 1))
    assert not path.exists()
