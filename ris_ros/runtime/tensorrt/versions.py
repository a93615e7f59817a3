"""What differs between TensorRT 8.6, 10 and 11, chosen by version number; the other files ask here.

Read from the Python bindings of 8.6.1, 10.3.0, 10.13.3 and 11.4.0 and from NVIDIA's notes on removed interfaces. The
same in all of them, so not here: named tensors, ``execute_async_v3``, ``set_memory_pool_limit``, timing caches and the
inspector. Features need no difference either: camera indices are int32 in the prepared graphs, because 8.6 knows no
int64 tensor, and every later version takes int32 as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ris_ros.errors import BackendError

OLDEST = (8, 6)
NEWEST_MAJOR = 11


@dataclass(frozen=True, slots=True)
class Differences:
    """How to talk to one version.

    Attributes:
        version: As the library says it, such as ``10.3.0``.
        network_flags: Names of the ``NetworkDefinitionCreationFlag`` to create a network with.
        builder_flags: Precision -> names of the ``BuilderFlag`` without which that arithmetic is not used.
        reports_progress: Whether a build can be watched and cancelled (``IProgressMonitor``).
        has_dla: Whether it can build for a deep learning accelerator.
    """

    version: str
    network_flags: tuple[str, ...]
    builder_flags: dict[str, tuple[str, ...]]
    reports_progress: bool
    has_dla: bool


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``10.13.3.9`` gives (10, 13, 3, 9).

    Raises:
        BackendError: It does not begin with two numbers.
    """
    match = re.match(r"\d+(\.\d+)+", version)
    if match is None:
        raise BackendError(f"TensorRT calls itself version '{version}', which is no version: install it again.")
    return tuple(int(part) for part in match.group().split("."))


def differences(version: str) -> Differences:
    """How to talk to a version.

    Raises:
        BackendError: It is older or newer than those this package was written for.
    """
    found = numbers(version)
    if found[:2] < OLDEST:
        raise BackendError(
            f"TensorRT {version} is too old: version 8.6 or later is needed, which JetPack 6 brings to a Jetson; "
            f"until then use the backend onnx."
        )
    if found[0] > NEWEST_MAJOR:
        raise BackendError(
            f"TensorRT {version} is newer than this version of ris_ros knows: install 8.6 to 11, or a later ris_ros."
        )
    if found[0] < 10:  # 8.6 types layers by itself, within what the flags allow; 9 was never in a JetPack
        flags: dict[str, tuple[str, ...]] = {"fp32": (), "fp16": ("FP16",), "int8": ("INT8",)}
        return Differences(version, ("EXPLICIT_BATCH",), flags, reports_progress=False, has_dla=True)
    none: dict[str, tuple[str, ...]] = {"fp32": (), "fp16": (), "int8": ()}
    if found[0] == 10:
        # After 10.7 no release builds for a DLA.
        return Differences(version, ("STRONGLY_TYPED",), none, reports_progress=True, has_dla=found[:2] <= (10, 7))
    return Differences(version, (), none, reports_progress=True, has_dla=False)
