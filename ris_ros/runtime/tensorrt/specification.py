"""What engines are to be: the settings made definite for one bundle, the key they are kept under, what is built."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ris_ros.config.tensorrt import EnginePrecision, TensorRtSettings
from ris_ros.errors import BackendError
from ris_ros.geometry import letterbox
from ris_ros.runtime import samples
from ris_ros.runtime.backend import SIDE_STEP
from ris_ros.runtime.bundle import Bundle
from ris_ros.runtime.tensorrt import calibrate, camera_input, fold, onnx_model, prepare
from ris_ros.runtime.tensorrt.builder import AxisRange, Job, Profile
from ris_ros.runtime.tensorrt.cache import EngineKey
from ris_ros.runtime.tensorrt.cuda import Gpu
from ris_ros.runtime.tensorrt.versions import Differences

_MAKERS = (onnx_model, fold, prepare, calibrate, camera_input, letterbox, samples)
"""What the graphs that TensorRT is given depend on beside the bundle."""


@dataclass(frozen=True, slots=True)
class Specification:
    """What engines are to be.

    Attributes:
        precision: Their arithmetic.
        size_px: (width, height) of the network's input.
        camera_size_px: (width, height) of the images that the vision engine shrinks itself; None where it takes the
            network's input.
        cameras: Images that are looked at together, at most.
        commands: Commands answered together, at most.
        workspace_mib: Scratch memory of a build; None takes what is free.
        dla: Core of the deep learning accelerator for the vision engine; None for the GPU.
    """

    precision: EnginePrecision
    size_px: tuple[int, int]
    camera_size_px: tuple[int, int] | None
    cameras: int
    commands: int
    workspace_mib: int | None
    dla: int | None

    @classmethod
    def of(cls, bundle: Bundle, settings: TensorRtSettings) -> Specification:
        """What the settings mean for a bundle; ``auto`` is half precision, which strays a hundred times less than int8.

        Raises:
            BackendError: The bundle's graphs take no images of the size that is asked for, or a DLA is to compute in
                something else than half precision.
        """
        precision: EnginePrecision = "fp16" if settings.precision == "auto" else settings.precision
        if settings.dla is not None and precision != "fp16":
            raise BackendError(f"A DLA computes in fp16 here, not in {precision}: leave --precision or --dla away.")
        return cls(
            precision=precision,
            size_px=_input_size(bundle, settings),
            camera_size_px=settings.camera_size_px,
            cameras=settings.cameras,
            commands=settings.commands,
            workspace_mib=settings.workspace_mib,
            dla=settings.dla,
        )

    @property
    def image_size_px(self) -> tuple[int, int]:
        """(width, height) of the images that the vision engine takes."""
        return self.camera_size_px or self.size_px

    def key(self, bundle: Bundle, version: Differences, gpu: Gpu) -> EngineKey:
        """The key of the engines on a machine; reads no graph, so that engines in the cache need no ``onnx``.

        Raises:
            BackendError: This version builds for no DLA, and one is asked for.
            ConfigError: The sample drive, on which engines are calibrated, is not installed.
        """
        if self.dla is not None and not version.has_dla:
            raise BackendError(f"TensorRT {version.version} builds for no DLA (10.7 was the last): leave --dla away.")
        files = bundle.settings.files
        content = hashlib.sha256((files["vision.onnx"] + files["ground.onnx"]).encode())
        for module in _MAKERS:
            content.update(Path(str(module.__file__)).read_bytes())
        if self.precision != "fp32":
            content.update(samples.samples_sha256().encode())
        size = "x".join(map(str, self.size_px))
        if self.camera_size_px is not None:
            size += f" of {self.camera_size_px[0]}x{self.camera_size_px[1]}"
        return EngineKey(
            graphs_sha256=content.hexdigest(),
            tensorrt=version.version,
            gpu=f"{gpu.name} with {gpu.multiprocessors} multiprocessors",
            compute_capability=gpu.compute_capability,
            precision=self.precision,
            shapes=f"{size}, 1 to {self.cameras} cameras, 1 to {self.commands} commands",
            builder=f"workspace {self.workspace_mib or 'auto'}, dla {'none' if self.dla is None else self.dla}",
        )

    def job(self, name: str, graph: bytes) -> Job:
        """What is to be built of a prepared graph, ``vision`` or ``ground``."""
        one, cameras, commands = AxisRange(1, 1, 1), self.cameras, self.commands
        dla_core = self.dla if name == "vision" else None
        # One camera and one command is the most frequent case by far, and kernels for a fixed size are the fastest.
        if dla_core is not None:  # a DLA knows no open axis
            profiles = [Profile(AxisRange(cameras, cameras, cameras), one)]
        elif name == "vision":
            profiles = [Profile(one, one)]
            if cameras > 1:
                profiles.append(Profile(AxisRange(2, cameras, cameras), one))
        else:
            some = AxisRange(1, 1, cameras)
            profiles = [Profile(some, one)]
            if commands > 1:
                profiles.append(Profile(some, AxisRange(2, max(2, commands // 2), commands)))
        return Job(name, graph, self.precision, tuple(profiles), dla_core)


def _input_size(bundle: Bundle, settings: TensorRtSettings) -> tuple[int, int]:
    stated = settings.size_px
    if stated is None and settings.camera_size_px is not None and bundle.fixed_size_px is None:
        stated = letterbox.smallest_input([settings.camera_size_px], bundle.input_size_px, SIDE_STEP)
    return bundle.largest_input(stated)
