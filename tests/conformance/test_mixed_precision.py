"""Section 1 of the contract: flags that change how TensorFlow runs a graph, and nothing of what is asked or answered."""

import numpy as np
import pytest

from tests.support.server_calls import answer_of, predict_request, start

# TensorFlow rewrites a graph to bfloat16 on no other CPU (grappler/optimizers/auto_mixed_precision.cc), and says so in its log.
pytestmark = [pytest.mark.tensorflow, pytest.mark.needs_cpu("avx512f")]


@pytest.fixture(scope="module")
def convolve(serve, batching_toys, tmp_path_factory):
    """What `convolved` answers under the given flags."""
    session = tmp_path_factory.mktemp("session") / "session.config"
    session.write_text("graph_options { rewrite_options { constant_folding: OFF } } intra_op_parallelism_threads: 1")
    images = np.random.default_rng(0).random((2, 32, 32, 8), np.float32)

    def run(*flags):
        base = ("--model_name=toys", f"--model_base_path={batching_toys.parent}")
        with serve(*base, *(flag.format(session=session) for flag in flags)) as server:
            assert server.rest("GET", "/monitoring/prometheus/metrics")[0] == 404, "nobody asked for monitoring"
            return np.array(answer_of(start(server, predict_request("toys", "convolved", image=images)), "mean"))

    return run


def test_bfloat16_changes_a_convolution_a_little(convolve):
    exact = convolve("--tensorflow_session_config_file={session}", "--saved_model_tags=serve")
    rounded = convolve("--mixed_precision=bfloat16", "--tensorflow_intra_op_parallelism=1")
    difference = np.abs(exact - rounded).max() / np.abs(exact).max()
    assert 1e-5 < difference < 1e-2
