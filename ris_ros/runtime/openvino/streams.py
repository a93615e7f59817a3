"""Compiled models at work: requests on one stream or several, and which rows of a batch go together."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAIR = 2
"""Commands that a stream answers together. A pair costs 1.7 times what one costs, four cost no less than two pairs."""


class Pool:
    """A compiled model and one infer request for each of its streams.

    Args:
        compiled: The model.
        streams: How many requests it runs at the same time.

    Attributes:
        outputs: Element type and shape of each output, by name.
        idle: Requests that do not run.
    """

    def __init__(self, compiled: Any, streams: int) -> None:
        self.outputs = {port.get_any_name(): (port.element_type, tuple(port.shape)) for port in compiled.outputs}
        self.idle = [compiled.create_infer_request() for _ in range(streams)]


Job = tuple[Pool, Mapping[str, Any]]
"""Where to run, and the tensors of all inputs and of those outputs that are to be written in place."""


def run(jobs: Sequence[Job], at_once: int) -> None:
    """Run jobs, as many at the same time as there are streams, in the given order.

    Args:
        jobs: Longest first, so that no stream ends alone.
        at_once: How many at the same time; one runs in the calling thread.

    Raises:
        RuntimeError: OpenVINO failed; then nothing runs any more.
    """
    flying: deque[tuple[Pool, Any]] = deque()
    try:
        for pool, tensors in jobs:
            if len(flying) == at_once:
                _land(flying)
            request = pool.idle[-1]
            for name, tensor in tensors.items():
                request.set_tensor(name, tensor)
            if at_once == 1 or len(jobs) == 1:
                request.infer()
                continue
            request.start_async()
            flying.append((pool, pool.idle.pop()))
        while flying:
            _land(flying)
    finally:
        # Only after a failure: tensors must outlive the runs that write to them.
        while flying:
            with suppress(RuntimeError):
                _land(flying)


def _land(flying: deque[tuple[Pool, Any]]) -> None:
    pool, request = flying.popleft()
    pool.idle.append(request)
    request.wait()


def plan_commands(camera_index: NDArray[np.int64], streams: int) -> list[tuple[int, ...]]:
    """Which commands are answered together: pairs about the same image, then single ones.

    Args:
        camera_index: int64 [N], the image that each command is asked of.
        streams: How many are answered at the same time.

    Returns:
        Row numbers, each once.
    """
    pairs: list[tuple[int, ...]] = []
    single: list[tuple[int, ...]] = []
    for camera in np.unique(camera_index):
        rows = np.flatnonzero(camera_index == camera).tolist()
        paired = len(rows) - len(rows) % PAIR
        pairs += [tuple(rows[start : start + PAIR]) for start in range(0, paired, PAIR)]
        single += [(row,) for row in rows[paired:]]
    # The last pairs would leave most streams idle: there single commands are done sooner.
    over = len(pairs) % streams
    if PAIR * over <= streams:
        single = [(row,) for pair in pairs[len(pairs) - over :] for row in pair] + single
        pairs = pairs[: len(pairs) - over]
    return [*pairs, *single]
