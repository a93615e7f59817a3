"""How long it takes on this machine from a camera image to its mask: ``python -m ris_ros.ros.latency``.

Three processes, as on a robot: a camera that publishes rendered images, the node, and a listener that notes when the
label mask of an image arrives. The time counts from the image's stamp, which is set just before it is published.
"""

from __future__ import annotations

import argparse
import array
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from ris_ros.errors import RisError, TransportError
from ris_ros.msg import Command
from ris_ros.ros import transport
from ris_ros.ros.stamps import set_ns, to_ns

_START_S = 60.0
_END_S = 20.0
_SETTLE = 20
"""Images at the beginning that do not count: subscriptions still match, and memory is touched for the first time."""
_PICTURES = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 0, or 2 after saying in one sentence what is wrong."""
    args = _parser().parse_args(argv)
    try:
        os.environ.update(transport.isolated())
        for note in transport.apply(transport.plan(processes=3)):
            print(note, file=sys.stderr)
        with running(_node_command(args)):
            _measure(args)
    except RisError as error:
        print(f"latency: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ris_ros.ros.latency",
        description="Measure image-to-mask latency through real DDS: camera, node and listener, a process each.",
        epilog="example: python -m ris_ros.ros.latency --size 1920x1080 --frames 300",
    )
    parser.add_argument("--size", default="1280x720", type=_size, help="width and height of the images")
    parser.add_argument("--rate", default=30, type=_positive, help="images per second")
    parser.add_argument("--frames", default=300, type=_positive, help="how many images count")
    parser.add_argument("--compressed", action="store_true", help="send JPEG instead of raw bgr8")
    parser.add_argument("--best-effort", action="store_true", help="a best-effort camera instead of a reliable one")
    parser.add_argument("--text", action="append", help="a command (repeatable); 'the road' by default")
    parser.add_argument("--mask-size", default="image", choices=("image", "network"), help="the node's mask_size")
    parser.add_argument("--backend", default="auto", help="the node's backend")
    parser.add_argument("--model", type=Path, metavar="B", help="folder of a bundle; the shipped one by default")
    return parser


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (_positive(part) for part in text.split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError("use a size such as 1280x720") from None
    return width, height


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("use a whole number above 0")
    return number


@contextmanager
def running(command: Sequence[str], patience_s: float = _END_S) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is interrupted on leaving, and killed where it has not ended ``patience_s`` seconds later."""
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL)  # what goes wrong comes on stderr
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _node_command(args: argparse.Namespace) -> list[str]:
    parameters = {"autostart": "true", "backend": args.backend, "mask_size": args.mask_size}
    if args.model is not None:
        parameters["bundle"] = str(args.model)
    given = [part for name, value in parameters.items() for part in ("-p", f"{name}:={value}")]
    return [sys.executable, "-m", "ris_ros.ros.main", "--ros-args", "--log-level", "warn", *given]


def _measure(args: argparse.Namespace) -> None:
    rclpy.init(args=[])
    node: Any = Node("ris_latency")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ages_ms: list[float] = []
    told: dict[str, dict[str, str]] = {}
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)

    def on_mask(message: Any) -> None:
        ages_ms.append((time.time_ns() - to_ns(message.header.stamp)) / 1e6)

    def on_diagnostics(message: Any) -> None:
        for status in message.status:
            told[status.name.split(": ", 1)[-1]] = {pair.key: pair.value for pair in status.values}
            if status.level == DiagnosticStatus.ERROR:
                raise TransportError(f"The node cannot work: {status.message}")

    node.create_subscription(Image, "ris/label_mask", on_mask, qos)
    node.create_subscription(DiagnosticArray, "/diagnostics", on_diagnostics, 10)
    commander = node.create_publisher(Command, "commands", 10)
    stop = multiprocessing.get_context("spawn").Event()
    camera = multiprocessing.get_context("spawn").Process(target=_camera, args=(vars(args), stop))
    camera.start()
    try:
        _await(executor, lambda: told.get("engine", {}).get("state") == "active", "The node did not become active.")
        for text in args.text or ["the road"]:
            commander.publish(Command(text=text, source="latency"))
        wanted = args.frames + _SETTLE
        _await(executor, lambda: len(ages_ms) >= wanted, "Masks did not arrive.", _START_S + 2 * wanted / args.rate)
        told.clear()
        _await(executor, lambda: "latency" in told, "The node said nothing about its latency.")
    finally:
        stop.set()
        camera.join(_END_S)
        camera.kill()  # no harm where it has ended
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown()
    _print(args, np.array(ages_ms[_SETTLE:wanted]), told)


def _await(executor: Any, done: Any, sentence: str, patience_s: float = _START_S) -> None:
    end = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > end:
            raise TransportError(sentence)
        executor.spin_once(timeout_sec=0.1)


def _camera(args: dict[str, Any], stop: Any) -> None:
    """Publish images at the rate until told to stop; the process's main function."""
    rclpy.init(args=[])
    node: Any = Node("latency_camera")
    reliability = ReliabilityPolicy.BEST_EFFORT if args["best_effort"] else ReliabilityPolicy.RELIABLE
    kind, topic = (CompressedImage, "/compressed") if args["compressed"] else (Image, "")
    qos = QoSProfile(depth=1, reliability=reliability)
    publisher = node.create_publisher(kind, f"camera/image_raw{topic}", qos)
    messages = [_message(kind, args["size"], number) for number in range(_PICTURES)]
    due, number = time.monotonic(), 0
    while not stop.wait(max(0.0, due - time.monotonic())):
        message = messages[number % _PICTURES]
        set_ns(message.header.stamp, time.time_ns())
        publisher.publish(message)
        number += 1
        due += 1.0 / args["rate"]
    node.destroy_node()
    rclpy.shutdown()


def _message(kind: type, size_px: tuple[int, int], number: int) -> Any:
    width, height = size_px
    coarse = np.random.default_rng(number).integers(0, 256, (9, 16, 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    if kind is CompressedImage:
        return CompressedImage(format="jpeg", data=array.array("B", cv2.imencode(".jpg", picture)[1].tobytes()))
    message = Image(width=width, height=height, encoding="bgr8", step=3 * width)
    message.data = array.array("B", picture.tobytes())
    return message


def _print(args: argparse.Namespace, ages_ms: Any, told: dict[str, dict[str, str]]) -> None:
    width, height = args.size
    form = "jpeg" if args.compressed else "bgr8"
    engine, camera, latency = told["engine"], told["camera camera"], told["latency"]
    reliability = "best effort" if args.best_effort else "reliable"
    print(f"{width}x{height} {form} at {args.rate} Hz, {reliability}; {engine['backend']} {engine['precision']}")
    print(f"image stamp to mask received: p50 {np.percentile(ages_ms, 50):.1f} ms,", end=" ")
    print(f"p99 {np.percentile(ages_ms, 99):.1f} ms over {len(ages_ms)} frames")
    causes = [f"{key.removeprefix('dropped_')} {camera[key]}" for key in camera if key.startswith("dropped_")]
    print(f"images arrived {camera['frames_in']}, grounded {camera['grounded']}, dropped {camera['dropped']}", end=" ")
    print(f"({', '.join(causes) or 'none'})")
    for stage in [key.removesuffix("_p50_ms") for key in latency if key.endswith("_p50_ms")]:
        print(f"  {stage:10} p50 {latency[stage + '_p50_ms']:>7} ms   p99 {latency[stage + '_p99_ms']:>7} ms")


if __name__ == "__main__":
    sys.exit(main())
