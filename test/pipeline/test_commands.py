from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ris_ros.pipeline.commands import ActiveCommands
from ris_ros.types import Command, Target


def command(id_: str, uttered_ns: int = 0, time_to_live_ns: int = 0, text: str = "the car") -> Command:
    return Command(id_, text, Target.OBJECT, uttered_ns, time_to_live_ns=time_to_live_ns)


def ids(active: ActiveCommands) -> list[str]:
    return [c.id for c in active.all]


def test_a_command_of_the_same_id_replaces_the_older_and_is_the_newest() -> None:
    active = ActiveCommands()
    for id_, text in [("a", "the car"), ("b", "the bus"), ("a", "the tree")]:
        active.add(command(id_, text=text))
    assert ids(active) == ["b", "a"]
    assert active.all[-1].text == "the tree"


def test_clearing_some_all_and_unknown_ones_counts_what_went() -> None:
    active = ActiveCommands()
    for id_ in "abc":
        active.add(command(id_))
    assert active.clear(["b", "unknown"]) == 1
    assert ids(active) == ["a", "c"]
    assert active.clear() == 2
    assert active.clear() == 0


def test_commands_expire_after_their_time_to_live_and_not_at_it() -> None:
    active = ActiveCommands()
    active.add(command("short", uttered_ns=100, time_to_live_ns=50))
    active.add(command("endless", uttered_ns=100))
    assert active.expire(150) == []
    assert [c.id for c in active.expire(151)] == ["short"]
    assert active.expire(10**18) == []
    assert ids(active) == ["endless"]


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9), st.integers(0, 9)), max_size=30), st.integers(0, 20)
)
def test_what_remains_is_the_newest_of_each_id_that_lives(said: list[tuple[str, int, int]], now_ns: int) -> None:
    active = ActiveCommands()
    newest: dict[str, Command] = {}
    for id_, uttered_ns, life_ns in said:
        one = command(id_, uttered_ns, life_ns)
        active.add(one)
        newest.pop(id_, None)
        newest[id_] = one
    gone = active.expire(now_ns)
    assert [*active.all] == [c for c in newest.values() if not c.expired(now_ns)]
    assert gone == [c for c in newest.values() if c.expired(now_ns)]
