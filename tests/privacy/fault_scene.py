"""The model server refuses, answers garbage, repeats what it was sent in its errors, hangs, and is gone; the gateway has little room."""

from __future__ import annotations

import grpc
import numpy as np

from tests.privacy.marked_requests import form_screening, raw_screening
from tests.privacy.run import Run
from tests.privacy.scenes import gateway, overload, search_metadata
from tests.support.gateway import VERSION, make_repository
from tests.support.stub_model_server import StubModelServer


def model_faults(run: Run, *, watched: bool) -> None:
    """The model server refuses, answers garbage, says markers in its own errors, hangs, and is gone."""
    repository = run.folder / "faults-models"
    make_repository(repository)
    photo, markers = run.photos[0], run.markers
    scene = "model faults"
    with (
        StubModelServer(VERSION, np.float32(0.5)) as stub,
        gateway(
            run,
            "faults",
            repository,
            stub.address,
            watched=watched,
            deadline_seconds=2,
            max_in_flight=4,
            max_queue=2,
            cores=1,
        ) as served,
    ):
        request = raw_screening(photo, markers)
        run.send(scene, served.port, [request])
        stub.details = f"said of {markers['exif_artist']}"
        for code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED):
            stub.errors = [code] * 3
            run.send(scene, served.port, [raw_screening(photo, markers)])
        stub.errors = []
        for garbage in (np.nan, 7.0, None):
            stub.p_no_depression = None if garbage is None else np.float32(garbage)
            run.send(scene, served.port, [raw_screening(photo, markers)])
        stub.p_no_depression = np.float32(0.5)
        stub.delay_seconds = 0.5
        overload(run, "overload", served)
        stub.delay_seconds = 0.0
        stub.go_on.clear()
        run.send(scene, served.port, [raw_screening(photo, markers)])
        stub.go_on.set()
        search_metadata(run, stub)
        stub.__exit__()
        run.send(
            scene, served.port, [raw_screening(photo, markers), form_screening(photo, markers, "/", Accept="text/html")]
        )
