"""The one family of errors.

Every failure a user can mend is a :class:`RisError` whose message is one sentence that says what to do.
Boundaries (readers, backends, ROS callbacks, the command line) translate foreign exceptions into it.
"""

from __future__ import annotations


class RisError(Exception):
    """Base of all errors that this package raises on purpose."""


class ConfigError(RisError):
    """A configuration value or key is unknown, missing or out of range."""


class MissingExtraError(RisError):
    """An optional dependency is not installed.

    Args:
        module: The module that could not be imported.
        extra: The extra of this package that brings it.
    """

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"'{module}' is not installed: in the checkout of ris_ros, run `pip install -e '.[{extra}]'`.")
        self.module = module
        self.extra = extra


class ImageError(RisError):
    """An image is malformed, of an unknown encoding, or of a size that is refused."""


class CommandError(RisError):
    """A command's text, target, camera or lifetime cannot be used."""


class BundleError(RisError):
    """A model bundle is missing, malformed, tampered with, or of another version."""


class BackendError(RisError):
    """An inference backend cannot be loaded or failed while running."""


class PlanError(BackendError):
    """A built engine cannot be used on this machine, though its libraries and its GPU are there: build it again."""


class MisuseError(BackendError):
    """A backend was handed what no backend could answer; the engine is not to blame, and another would not help."""


class DataError(RisError):
    """A data set, a bag or a manifest cannot be read as it should."""


class OutputError(RisError):
    """A result cannot be written where it was asked for."""


class GeometryError(RisError):
    """A pixel or a mask cannot be given a place on the ground: no calibration, no camera pose, no ground in view."""


class LateTransformError(GeometryError):
    """The transform at an image's stamp is not known yet, and may still come: waiting for it makes sense."""


class UnknownFrameError(GeometryError):
    """A frame is in no transform, or in none that leads to the other: waiting for it makes no sense."""


class TransportError(RisError):
    """ROS 2 cannot deliver what the node needs: no publisher, no matching QoS, no middleware."""


def first_line(error: Exception) -> str:
    """What a foreign exception says, cut to its first line so that it fits into a sentence of ours."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def cause(error: Exception) -> str:
    """What any exception says, without its full stop, to stand inside a sentence; of a foreign one also its kind."""
    return str(error).rstrip(".") if isinstance(error, RisError) else f"{type(error).__name__}: {first_line(error)}"
