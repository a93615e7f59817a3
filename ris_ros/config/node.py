"""Settings of the node: the one source of its ROS parameters' names, defaults, descriptions and ranges.

``ros/params.py`` declares one parameter for each field; ``config/grounding.yaml`` lists them for a person, and a test
keeps the two equal. When a change takes effect is part of each field.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from ris_ros.config.backend import Precision
from ris_ros.config.ground import GroundSettings
from ris_ros.config.image_size import stated_size
from ris_ros.config.parameter import When, setting
from ris_ros.config.planning import PlanningSettings
from ris_ros.config.ros_names import topic
from ris_ros.config.tensorrt import MAX_CAMERAS, MAX_COMMANDS, TensorRtSettings

Transport = Literal["auto", "raw", "compressed"]
MaskSize = Literal["image", "network"]


def _topics(names: list[str]) -> list[str]:
    for name in names:
        topic(name)
    if len(set(names)) != len(names):
        raise ValueError("a camera is named twice")
    return names


def _size(text: str) -> str:
    stated_size(text)
    return text


def _threshold(name: str) -> Any:
    description = f"Probability from which {name}; 0 takes the value that comes with the model."
    return setting(0.0, description, When.LIVE, ge=0.0, lt=1.0)


class NodeConfig(GroundSettings, PlanningSettings):
    """Parameters of the node ``ris``."""

    cameras: Annotated[list[str], AfterValidator(_topics)] = setting(
        ["camera"],
        "Camera namespaces; images are read from <camera>/image_raw or <camera>/image_raw/compressed.",
        When.CONFIGURE,
        min_length=1,
        max_length=16,
    )
    transport: Transport = setting(
        "auto", "Which images to read: raw, compressed, or auto (raw where somebody publishes it).", When.CONFIGURE
    )
    bundle: str = setting("", "Folder of the model bundle; empty means the one that is shipped.", When.CONFIGURE)
    backend: str = setting(
        "auto", "Inference backend: auto, or a name that `ris doctor` lists.", When.CONFIGURE, min_length=1
    )
    threads: int = setting(2, "CPU threads of the inference backend.", When.CONFIGURE, ge=1, le=64)
    precision: Precision = setting(
        "auto",
        "Arithmetic of the backend: fp32, fp16, bf16, int8, or auto (the fastest of its own that stays accurate).",
        When.CONFIGURE,
    )
    input_size: Annotated[str, AfterValidator(_size)] = setting(
        "",
        "The network's input at most, such as 384x288 (faster, less exact), and exactly that of TensorRT engines;"
        " empty takes the model's largest.",
        When.CONFIGURE,
    )
    tensorrt_camera_size: Annotated[str, AfterValidator(_size)] = setting(
        "",
        "Camera images, such as 1280x720, that TensorRT engines shrink on the GPU; empty leaves that to the processor.",
        When.CONFIGURE,
    )
    tensorrt_cameras: int = setting(
        MAX_CAMERAS,
        "Cameras that TensorRT engines are built for; those of the parameter cameras, if these are more.",
        When.CONFIGURE,
        ge=1,
        le=16,
    )
    tensorrt_commands: int = setting(
        MAX_COMMANDS, "Commands that TensorRT engines answer at once; more go by turns.", When.CONFIGURE, ge=1, le=64
    )
    tensorrt_workspace_mib: int = setting(
        0, "Scratch memory of building a TensorRT engine, MiB; 0 takes what is free.", When.CONFIGURE, ge=0, le=65536
    )
    tensorrt_dla: int = setting(
        -1, "DLA core for the vision engine of TensorRT, up to 10.7; -1 takes the GPU.", When.CONFIGURE, ge=-1, le=7
    )
    mask_size: MaskSize = setting(
        "image", "Size of label_mask and confidence: the image's, or the network's (smaller, cheaper).", When.CONFIGURE
    )
    adaptive_size: bool = setting(
        False, "Show the model smaller images while it cannot keep up with the cameras.", When.CONFIGURE
    )
    propagate: bool = setting(
        False,
        "Carry masks forward by optical flow to the images that come while the model is busy.",
        When.CONFIGURE,
    )
    max_propagated_age_s: float = setting(
        0.8,
        "Masks are carried to images at most this much newer than the one that the model looked at, seconds.",
        When.LIVE,
        gt=0.0,
        le=5.0,
    )
    threshold_object: float = _threshold("a pixel belongs to the referred object")
    threshold_region: float = _threshold("a pixel belongs to the referred region")
    threshold_existence: float = _threshold("the thing is held to be there")
    time_to_live_s: float = setting(
        0.0, "Lifetime of a command that states none, seconds; 0 means until replaced or cleared.", When.LIVE, ge=0.0
    )
    max_commands: int = setting(
        8, "Commands active at once; beyond it the oldest is forgotten.", When.LIVE, ge=1, le=64
    )
    max_image_pixels: int = setting(
        16_000_000, "Images of more pixels than this are refused.", When.LIVE, ge=1, le=1_000_000_000
    )
    max_image_age_s: float = setting(
        1.0,
        "Seconds without an image after which a camera counts as silent, and its last image is not used.",
        When.LIVE,
        gt=0.0,
    )
    clock_tolerance_s: float = setting(
        10.0,
        "Stamps that differ more than this from the node's clock are taken for another clock's (seconds).",
        When.LIVE,
        gt=0.0,
    )
    ground_timeout_s: float = setting(
        5.0, "Longest that the service ~/ground waits for an image, seconds.", When.LIVE, gt=0.0, le=600.0
    )
    refer_deadline_s: float = setting(10.0, "Deadline of a ~/refer goal that states none, seconds.", When.LIVE, gt=0.0)
    refer_frames: int = setting(
        3, "Frames of one camera in a row that must agree before ~/refer decides.", When.LIVE, ge=1, le=1000
    )
    overlay_jpeg_quality: int = setting(80, "JPEG quality of overlay/compressed.", When.LIVE, ge=1, le=100)
    diagnostics_period_s: float = setting(
        1.0, "Seconds between two messages on /diagnostics.", When.CONFIGURE, ge=0.1, le=60.0
    )
    autostart: bool = setting(False, "Configure and activate by itself, without a lifecycle manager.", When.START)

    @property
    def input_size_px(self) -> tuple[int, int] | None:
        """(width, height) of the network's largest input; None for the model's."""
        return stated_size(self.input_size)

    @property
    def tensorrt(self) -> TensorRtSettings:
        """What TensorRT engines are built for."""
        return TensorRtSettings(
            size_px=self.input_size_px,
            camera_size_px=stated_size(self.tensorrt_camera_size),
            cameras=max(self.tensorrt_cameras, len(self.cameras)),
            commands=self.tensorrt_commands,
            workspace_mib=self.tensorrt_workspace_mib or None,
            dla=self.tensorrt_dla if self.tensorrt_dla >= 0 else None,
        )


def when(name: str) -> When:
    """When a change of the parameter ``name`` takes effect."""
    extra = NodeConfig.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return When[str(extra["when"])]
