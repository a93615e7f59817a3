"""Coroutines of the executor that wait for another thread: answered at once, and free while they wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

pytest.importorskip("rclpy")

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from ris_ros.ros.bridge import Bridge, Channel

pytestmark = pytest.mark.ros

PATIENCE_S = 10.0


class Loop:
    """A node whose executor spins in a thread."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(args=[], context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("bridged", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.bridge = Bridge(self.node)
        self.spins = 0
        self._stop = False
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self) -> None:
        while not self._stop:
            self.executor.spin_once(timeout_sec=5.0)
            self.spins += 1

    def run(self, coroutine: Any) -> Future[Any]:
        """Run a coroutine function in the executor."""
        result: Future[Any] = Future()

        async def task() -> None:
            try:
                result.set_result(await coroutine())
            except Exception as error:
                result.set_exception(error)

        self.executor.create_task(task)
        return result

    def close(self) -> None:
        self._stop = True
        self.bridge.wake()
        self._thread.join()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def test_a_result_or_an_error_comes_through_at_once(loop: Loop) -> None:
    good: Future[int] = Future()
    waiting = loop.run(lambda: loop.bridge.result(good))
    begin = time.monotonic()
    good.set_result(5)
    assert waiting.result(PATIENCE_S) == 5
    assert time.monotonic() - begin < 1.0, "the executor slept until something else woke it"
    bad: Future[int] = Future()
    waiting = loop.run(lambda: loop.bridge.result(bad))
    bad.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        waiting.result(PATIENCE_S)


def test_one_that_is_done_already_needs_no_waiting(loop: Loop) -> None:
    done: Future[int] = Future()
    done.set_result(6)
    assert loop.run(lambda: loop.bridge.result(done)).result(PATIENCE_S) == 6


def test_waiting_costs_nothing_and_holds_nobody_up(loop: Loop) -> None:
    group = ReentrantCallbackGroup()
    ticks: list[float] = []
    enough = threading.Event()

    def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 15:
            enough.set()

    timer = loop.node.create_timer(0.02, tick, callback_group=group)
    futures: list[Future[int]] = [Future() for _ in range(3)]
    waiting = [loop.run(lambda future=future: loop.bridge.result(future)) for future in futures]
    spins = loop.spins
    assert enough.wait(PATIENCE_S), "the timer was held up"
    spun = loop.spins - spins
    loop.node.destroy_timer(timer)
    assert spun < 20 * len(ticks), f"{spun} wake-ups for {len(ticks)} ticks: the executor spins"
    for number, future in enumerate(futures):
        future.set_result(number)
    assert [one.result(PATIENCE_S) for one in waiting] == [0, 1, 2]


def test_a_channel_keeps_the_order_from_any_thread(loop: Loop) -> None:
    channel: Channel[int] = Channel(loop.bridge)

    async def gather() -> list[int]:
        return [await channel.get() for _ in range(200)]

    received = loop.run(gather)
    thread = threading.Thread(target=lambda: [channel.put(number) for number in range(200)])
    thread.start()
    assert received.result(PATIENCE_S) == list(range(200))
    thread.join()


def test_a_call_back_comes_once_or_not_at_all(loop: Loop) -> None:
    called: list[str] = []
    over = threading.Event()

    async def schedule() -> None:
        loop.bridge.after(0.05, lambda: called.append("kept"))
        loop.bridge.after(0.05, lambda: called.append("called off"))()
        loop.bridge.after(0.15, over.set)

    loop.run(schedule)
    assert over.wait(PATIENCE_S)
    assert called == ["kept"]
