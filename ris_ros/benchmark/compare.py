"""Ours against a peer: the same pictures, the same process, the same threads, by turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ris_ros.benchmark.peers.engines import Engine, engines
from ris_ros.benchmark.peers.table import Peer
from ris_ros.benchmark.subject import Size, Subject
from ris_ros.benchmark.timing import Plan, Ratio, interleave

_TRIAL = Plan(runs=4, seconds=6.0, warmup=1, least=2)
"""How long each runtime is tried, to find a peer's fastest."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """How many times faster ours is.

    Attributes:
        peer: The peer's name.
        help: What it is.
        runtime: The runtime in which it was fastest here.
        tried_ms: Runtime -> median of its trial, in milliseconds.
        input_size_px: (width, height) at which ours looked.
        ours_ms: Median of our vision and ground of one command.
        peer_ms: Median of the peer's graph for one image and one command.
        times_faster: The peer's time / ours, round by round.
        text_ms: The peer's text part, which it needs once for each command; None where it has none of its own.
        about: What is known of the peer.
    """

    peer: str
    help: str
    runtime: str
    tried_ms: Mapping[str, float]
    input_size_px: Size
    ours_ms: float
    peer_ms: float
    times_faster: Ratio
    text_ms: float | None
    about: Mapping[str, Any]

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "tried_ms": dict(self.tried_ms), "about": dict(self.about)}


def compare(subject: Subject, peer: Peer, threads: int, plan: Plan, tell: Callable[[str], None]) -> Comparison:
    """Measure ours and a peer by turns.

    Neither side's time holds the making of its input from the camera's picture, nor the text, which both need once for
    each command; ours holds the normalisation of the picture, which is a part of its graph.

    Args:
        subject: Ours.
        peer: The other.
        threads: Threads of one run of the peer; ours has been given its own.
        plan: Rounds.
        tell: Told what is being measured.

    Raises:
        BackendError: The peer's graph cannot be run.
    """
    size = subject.reference_px
    picture = subject.pictures.images_rgb[0]
    tell(f"{peer.name}: its runtimes")
    best, tried_ms = _tried(engines(peer.image, picture, size, threads))
    tell(f"{peer.name} in {best.name} against ours")
    durations = interleave({"ours": subject.model(size, 1), "peer": best.call}, plan)
    text_ms = None
    if peer.text is not None:
        text_ms = min(_tried(engines(peer.text, picture, size, threads))[1].values())
    return Comparison(
        peer.name,
        peer.help,
        best.name,
        tried_ms,
        size,
        float(np.median(durations["ours"])),
        float(np.median(durations["peer"])),
        Ratio.of(durations["peer"], durations["ours"]),
        text_ms,
        peer.about,
    )


def _tried(candidates: list[Engine]) -> tuple[Engine, dict[str, float]]:
    """The fastest, and the median of each by name."""
    taken = interleave({engine.name: engine.call for engine in candidates}, _TRIAL)
    medians = {name: float(np.median(durations)) for name, durations in taken.items()}
    return min(candidates, key=lambda engine: medians[engine.name]), medians
