"""A node in this process, spun by a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from ris_ros.ros.bridge import Bridge

PATIENCE_S = 15.0


class Spinning:
    """A node whose executor spins in a thread of its own.

    Args:
        name: Name of the node.
        type_: Its class.
    """

    def __init__(self, name: str, type_: type = Node) -> None:
        self.context = Context()
        rclpy.init(args=[], context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = type_(name, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.bridge = Bridge(self.node)
        self._stop = False
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self) -> None:
        while not self._stop:
            self.executor.spin_once(timeout_sec=1.0)

    def do(self, what: Callable[[], Any]) -> Any:
        """Call something in the executor's thread, and return what it returns."""
        done: Future[Any] = Future()

        def task() -> None:
            try:
                done.set_result(what())
            except Exception as error:
                done.set_exception(error)

        self.executor.create_task(task)
        self.bridge.wake()
        return done.result(PATIENCE_S)

    def close(self) -> None:
        """End the thread and the node."""
        self._stop = True
        self.bridge.wake()
        self._thread.join()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)
