"""The TensorRT library as it is installed: the module, its version, and what it says while it works."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from ris_ros.errors import BackendError, MissingExtraError, first_line
from ris_ros.runtime.devices import is_jetson
from ris_ros.runtime.tensorrt.versions import Differences, differences

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """TensorRT, loaded.

    Attributes:
        module: The module ``tensorrt``.
        logger: Its logger, which keeps errors for our sentences.
        differences: How to talk to this version.
    """

    module: Any
    logger: Any
    differences: Differences

    def make(self, kind: str, *arguments: Any) -> Any:
        """Make one of TensorRT's objects: ``Builder``, ``OnnxParser`` or ``Runtime``.

        Raises:
            BackendError: The library could not; its bindings raise TypeError where there is no GPU or driver.
        """
        try:
            return getattr(self.module, kind)(*arguments)
        except TypeError as error:
            said = self.complaint() or first_line(error)
            raise BackendError(
                f"TensorRT {self.differences.version} cannot start here ({kind}: {said}): run `ris doctor`, or use the "
                f"backend onnx."
            ) from None

    def complaint(self) -> str:
        """The latest error that TensorRT logged, to be told; empty where it said nothing."""
        errors: list[str] = self.logger.errors
        said = errors[-1] if errors else ""
        errors.clear()
        return said


def load_library(module: Any = None) -> Library:
    """Load TensorRT.

    Args:
        module: The module ``tensorrt``; None imports it.

    Raises:
        BackendError: Its version is not one that this package knows, or its shared libraries do not load.
        MissingExtraError: It is not installed.
    """
    if module is None:
        try:
            import tensorrt
        except ModuleNotFoundError:
            if is_jetson():
                raise BackendError(
                    "'tensorrt' is not installed: on a Jetson run `sudo apt install python3-libnvinfer`."
                ) from None
            raise MissingExtraError("tensorrt", "tensorrt") from None
        except (ImportError, OSError) as error:
            raise BackendError(f"TensorRT does not load ({first_line(error)}): install it again.") from None
        module = tensorrt
    found = differences(str(module.__version__))
    return Library(module, _logger(module), found)


def _logger(tensorrt: Any) -> Any:
    levels = {
        tensorrt.ILogger.Severity.INTERNAL_ERROR: logging.ERROR,
        tensorrt.ILogger.Severity.ERROR: logging.ERROR,
        tensorrt.ILogger.Severity.WARNING: logging.WARNING,
        tensorrt.ILogger.Severity.INFO: logging.DEBUG,
        tensorrt.ILogger.Severity.VERBOSE: logging.DEBUG,
    }

    class Logger(tensorrt.ILogger):  # type: ignore[misc]  # its base is known when TensorRT is loaded
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[str] = []

        def log(self, severity: Any, msg: str) -> None:
            level = levels[severity]
            if level == logging.ERROR:
                self.errors.append(msg.strip().splitlines()[0].rstrip(".") if msg.strip() else "")
            _log.log(logging.DEBUG if level < logging.ERROR else level, "TensorRT: %s", msg)

    return Logger()
