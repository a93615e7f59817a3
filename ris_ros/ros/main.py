"""The executable ``grounding_node``: the lifecycle node, an executor, and an end without loose ends."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence

from ris_ros.errors import RisError, TransportError
from ris_ros.ros import process, transport

_PATIENCE_S = 0.2
"""How long a wait for ROS may last: Python looks for signals only after it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until it is interrupted or shut down.

    Args:
        argv: Command line with ROS arguments; that of the process by default.

    Returns:
        0 after SIGINT or SIGTERM, 2 after saying in one sentence what is wrong.
    """
    try:
        import rclpy
        from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions
    except ImportError:
        print(f"grounding_node: {transport.ros_missing('rclpy')}", file=sys.stderr)
        return 2
    from ris_ros.ros.node import GroundingNode

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        notes = transport.apply(transport.plan(processes=1))
        process.use_one_thread_for_pictures()
        process.pass_the_interpreter_on_soon()
        try:
            rclpy.init(args=list(argv) if argv is not None else None, signal_handler_options=SignalHandlerOptions.NO)
        except RuntimeError as error:  # the base of rcl's errors, which have no public name
            # What rcl complains of, without the places in its sources where it noticed.
            reason = str(error).split(", at /", 1)[0]
            raise TransportError(f"ROS 2 cannot start ({reason}): correct its arguments or variables.") from None
        executor = SingleThreadedExecutor()
        node = GroundingNode(stop.is_set)
    except RisError as error:
        print(f"grounding_node: {error}", file=sys.stderr)
        rclpy.try_shutdown()
        return 2
    try:
        for note in notes:
            node.get_logger().info(note)
        executor.add_node(node)
        node.start()
        while rclpy.ok() and not stop.is_set():
            executor.spin_once(timeout_sec=_PATIENCE_S)
    except ExternalShutdownException:
        pass
    finally:
        node.close()
        executor.shutdown()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
