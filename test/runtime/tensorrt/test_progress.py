from __future__ import annotations

from ris_ros.runtime.tensorrt.progress import BuildProgress, Progress


def test_shares_of_nested_phases_only_grow_and_end_at_one() -> None:
    told: list[Progress] = []
    progress = BuildProgress("building vision", told.append, clock=lambda: 0.0)
    progress.start("outer", None, 2)
    for step in range(2):
        progress.start("inner", "outer", 10)
        for inner in range(10):
            assert progress.step("inner", inner)
        progress.finish("inner")
        assert progress.step("outer", step)
    progress.finish("outer")
    shares = [one.share for one in told if one.share is not None]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert 0.04 < shares[0] < 0.06


def test_the_time_left_follows_from_the_share_or_from_an_earlier_build() -> None:
    now = [0.0]
    told: list[Progress] = []
    progress = BuildProgress("building", told.append, expected_s=80.0, clock=lambda: now[0])
    progress.start("all", None, 50)
    now[0] = 2.0
    progress.step("all", 0)
    assert told[-1].left_s == 78.0
    now[0] = 10.0
    progress.step("all", 9)
    assert told[-1].share == 0.2 and told[-1].left_s == 40.0


def test_who_cancels_stops_at_the_next_step_and_for_good() -> None:
    wish = [False]
    progress = BuildProgress("building", cancelled=lambda: wish[0])
    progress.start("all", None, 3)
    assert progress.step("all", 0)
    wish[0] = True
    assert not progress.step("all", 1)
    wish[0] = False
    assert not progress.step("all", 2)
    assert progress.stopped


def test_phases_that_never_began_do_no_harm() -> None:
    progress = BuildProgress("building")
    assert progress.step("unknown", 3)
    progress.finish("unknown")
