"""What one worker needs for a run, and its requests: from a plan to a pace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loadtests.arrivals import share_of_worker
from loadtests.errors import PackUnusable
from loadtests.photos import Pack, read_pack
from loadtests.run.plan import RunPlan
from loadtests.run.recording import Ended
from loadtests.run.target import headers, parse_target, read_key
from loadtests.users.direct import DirectCall
from loadtests.users.http_exchange import HttpExchange
from loadtests.users.pace import Pace
from loadtests.users.page import PageView
from loadtests.users.photo_upload import PhotoUpload
from loadtests.users.sending import Sender


def prepare(plan: RunPlan, worker: int, workers: int, version: int | None, on_end: Callable[[Ended], None]) -> Pace:
    """Read the pack, draw the schedule, and take this worker's part of it.

    Args:
        plan: Of the run.
        worker: Number of this worker, from 0.
        workers: How many there are.
        version: Of the model that `direct` users ask; None leaves it to the server.
        on_end: Told of every request that ended.

    Raises:
        LoadTestError: Something that the plan names cannot be used here.
    """
    moments = plan.arrivals.draw()
    target = parse_target(plan.target)
    key = read_key(target, plan.key_file)
    exchange = HttpExchange(target, headers(key), plan.ca_file)
    senders: dict[str, Sender] = {}
    if "page" in plan.mix:
        senders["page"] = PageView(exchange)
    if "photo" in plan.mix:
        pack = require_pack(plan)
        senders["photo"] = PhotoUpload(exchange, pack, pack.choose(moments.size, plan.arrivals.seed))
    if "direct" in plan.mix:
        if plan.model_server is None:
            message = "direct users need --model-server HOST:PORT"
            raise PackUnusable(message)
        senders["direct"] = DirectCall(plan.model_server, plan.model, version, require_pack(plan))
    mine = np.asarray(share_of_worker(moments, worker, workers))
    return Pace(
        senders,
        plan.choose_users(moments.size),
        moments,
        mine,
        patience_seconds=plan.patience_seconds,
        on_end=on_end,
    )


def require_pack(plan: RunPlan) -> Pack:
    """The pack of a plan.

    Raises:
        PackUnusable: It names none, or one that cannot be read.
    """
    if plan.pack_folder is None:
        message = "photos and direct calls need --pack FOLDER; `python -m training load-pack FOLDER` draws one"
        raise PackUnusable(message)
    return read_pack(plan.pack_folder)
