"""When a search is over, and with what."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.pipeline.search import Outcome, Search, unfinished
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

COMMAND = Command("c", "the red car", Target.OBJECT, uttered_ns=1)
FRAMES = {name: Frame(name, np.zeros((2, 2, 3), np.uint8), 1) for name in ("front", "rear")}


def mask(set_: bool) -> MaskAnswer:
    roi = (0, 0, 2, 2) if set_ else (0, 0, 0, 0)
    return MaskAnswer(np.zeros((2, 2), np.uint8), np.full((2, 2), set_), roi, (0, 0), float(set_))


def seen(candidates: int, camera: str = "front", existence: float = 0.5) -> Grounding:
    found = candidates > 0
    return Grounding(COMMAND, FRAMES[camera], found, existence, 0.5, mask(found), mask(False), candidates)


def outcome(search: Search, *groundings: Grounding) -> Outcome | None:
    verdicts = [search.see(grounding) for grounding in groundings]
    assert not any(verdicts[:-1])
    return verdicts[-1].outcome if verdicts[-1] else None


def test_frames_in_a_row_must_agree() -> None:
    assert outcome(Search(COMMAND, False, 3), seen(1), seen(1)) is None
    assert outcome(Search(COMMAND, False, 3), seen(1), seen(0), seen(1), seen(1)) is None
    assert outcome(Search(COMMAND, False, 3), seen(0), seen(1), seen(1), seen(1)) is Outcome.FOUND
    assert outcome(Search(COMMAND, False, 1), seen(1)) is Outcome.FOUND
    assert outcome(Search(COMMAND, False, 3), seen(0), seen(0), seen(0)) is Outcome.NOT_FOUND


def test_several_are_ambiguous_unless_several_are_asked_for() -> None:
    assert outcome(Search(COMMAND, False, 2), seen(2), seen(3)) is Outcome.AMBIGUOUS
    assert outcome(Search(COMMAND, True, 2), seen(2), seen(3)) is Outcome.FOUND


def test_one_camera_is_enough_to_find_but_not_to_give_up() -> None:
    search = Search(COMMAND, False, 2)
    assert outcome(search, seen(0, "rear"), seen(0), seen(0)) is None
    assert outcome(search, seen(0, "rear")) is Outcome.NOT_FOUND
    assert outcome(Search(COMMAND, False, 2), seen(0, "rear"), seen(1), seen(0, "rear"), seen(1)) is Outcome.FOUND


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=20))
def test_progress_keeps_the_best_there_was(frames: list[tuple[int, float]]) -> None:
    search = Search(COMMAND, False, 1000)
    for candidates, existence in frames:
        search.see(seen(candidates, existence=existence))
    progress = search.progress
    assert progress.frames_seen == len(frames)
    assert progress.best_existence == max(existence for _, existence in frames)
    assert progress.best is not None
    assert progress.best.found == any(candidates for candidates, _ in frames)
    assert unfinished(Outcome.TIMEOUT, progress).best is progress.best


def test_an_end_from_outside_says_why() -> None:
    search = Search(COMMAND, False, 3)
    assert "No image" in unfinished(Outcome.TIMEOUT, search.progress).message
    search.see(seen(1))
    assert "1 were seen" in unfinished(Outcome.TIMEOUT, search.progress).message
    assert "cancelled" in unfinished(Outcome.CANCELLED, search.progress).message
