"""Let coroutines of the executor wait for the worker thread.

rclpy resumes a waiting coroutine only when its executor wakes up, and completing a future from another thread does
not wake it before Kilted; so each completion also triggers a guard condition. Between wake-ups the executor sleeps: a
waiting coroutine costs nothing (tested in ``test/ros/test_bridge.py``). While a callback waits, its callback group
counts as busy, so waiting callbacks belong into a :class:`rclpy.callback_groups.ReentrantCallbackGroup`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

import rclpy.task
from rclpy.clock import Clock, ClockType

T = TypeVar("T")


class Bridge:
    """Wakes a node's executor.

    Args:
        node: The node whose coroutines wait.
    """

    def __init__(self, node: Any) -> None:
        self._node = node
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._guard = node.create_guard_condition(lambda: None)

    def wake(self) -> None:
        """Let the executor look at its waiting coroutines; from any thread."""
        self._guard.trigger()

    def after(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back once, in the executor, after ``seconds`` of real time.

        Returns:
            Calls it off; harmless when the time has passed. To be called in the executor's thread.
        """

        def call_off() -> None:
            if timer in pending:
                pending.remove(timer)
                self._node.destroy_timer(timer)

        def due() -> None:
            call_off()
            callback()

        timer = self._node.create_timer(seconds, due, clock=self._steady)
        pending = [timer]
        return call_off

    async def result(self, future: Future[T]) -> T:
        """Wait for what another thread puts into ``future``.

        Raises:
            Exception: The one that the future holds.
        """
        waiting: Any = rclpy.task.Future()

        def done(_: Future[T]) -> None:
            waiting.set_result(None)
            self.wake()

        future.add_done_callback(done)
        await waiting
        return future.result()


class Channel(Generic[T]):
    """A queue from any thread to one coroutine."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._lock = threading.Lock()
        self._items: deque[T] = deque()
        self._waiting: Future[None] | None = None

    def put(self, item: T) -> None:
        """Add an item."""
        with self._lock:
            self._items.append(item)
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.set_result(None)

    async def get(self) -> T:
        """The oldest item, when there is one. Only one coroutine may wait at a time."""
        with self._lock:
            if self._items:
                return self._items.popleft()
            arrived: Future[None] = Future()
            self._waiting = arrived
        await self._bridge.result(arrived)
        with self._lock:
            return self._items.popleft()
