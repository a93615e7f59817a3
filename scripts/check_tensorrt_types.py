"""Check the TensorRT backend against NVIDIA's own Python bindings, on a machine without TensorRT.

For each release that the backend is written for: fetch the wheel that holds the bindings alone, load them over empty
stand-ins for TensorRT's libraries, write down what classes, methods and types they declare, and

* let mypy check ``ris_ros/runtime/tensorrt`` against that;
* make the backend's logger and progress monitor, which derive from classes of the bindings, and call them;
* compare the members of its classes with ``test/support/tensorrt_surface.json``, which the tests' fake goes by
  (``--write`` writes that file anew).

Nothing is computed, so no GPU is needed; pip must reach a package index, and a C compiler and mypy must be there.

    python scripts/check_tensorrt_types.py [--write]
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SURFACE = REPOSITORY / "test" / "support" / "tensorrt_surface.json"
WHEELS = {
    "8.6.1": "tensorrt-bindings",
    "10.3.0": "tensorrt-cu12-bindings",
    "10.13.3.9": "tensorrt-cu12-bindings",
    "11.4.0.106": "tensorrt-cu13-bindings",
}
LIBRARIES = ("nvinfer", "nvinfer_plugin", "nvonnxparser", "nvparsers")
FUNCTIONS = (
    "createInferBuilder_INTERNAL createInferRefitter_INTERNAL createInferRuntime_INTERNAL createNvOnnxParser_INTERNAL "
    "createNvOnnxParserRefitter_INTERNAL getBuilderPluginRegistry getNvOnnxParserVersion getPluginRegistry "
    "initLibNvInferPlugins _ZN11nvuffparser15createUffParserEv "
    "_ZN11nvuffparser8FieldMapC1EPKcPKvNS_9FieldTypeEi _ZN14nvcaffeparser117createCaffeParserEv "
    "_ZN14nvcaffeparser123shutdownProtobufLibraryEv"
)
"""All that the bindings take from TensorRT's libraries; the rest goes through virtual methods."""
STUBGEN = "from mypy.stubgen import main; main()"
MYPY = """\
[mypy]
strict = True
warn_unused_ignores = False
disallow_untyped_calls = False
[mypy-tensorrt.*]
ignore_errors = True
[mypy-cuda.*,cv2.*,onnx.*,onnxruntime.*,openvino.*,rosbags.*,safetensors.*,scipy.*,tokenizers.*]
ignore_missing_imports = True
follow_imports = skip
"""
UNSAID = {
    r"(\w+: )Dims\b": r"\1Dims | tuple[int, ...]",
    r"class Dims:": "class Dims(Sequence[int]):",
    r"class IHostMemory:": "class IHostMemory(bytes):",
    r"^": "from collections.abc import Sequence\n",
}
"""What the bindings do and their signatures do not say: tuples become Dims, Dims are sequences, memory is a buffer."""
MEMBERS = """\
import json, sys, tensorrt
def members(name):
    kind = getattr(tensorrt, name, None)
    if kind is None:
        return None
    if hasattr(kind, "__members__"):
        return " ".join(sorted(kind.__members__))
    return " ".join(sorted(member for member in dir(kind) if not member.startswith("_")))
print(json.dumps({name: members(name) for name in sys.argv[1:] if members(name) is not None}))
"""
TRY = """\
import logging, sys, tensorrt
from ris_ros.errors import BackendError
from ris_ros.runtime.tensorrt.library import load_library
from ris_ros.runtime.tensorrt.progress import BuildProgress, monitor
logging.disable()
tensorrt.__version__ = sys.argv[1]
library = load_library(tensorrt)
library.logger.log(tensorrt.ILogger.Severity.ERROR, "it broke.")
assert library.complaint() == "it broke"
if library.differences.reports_progress:
    watcher = monitor(tensorrt, BuildProgress("building"))
    watcher.phase_start("all", None, 3)
    assert watcher.step_complete("all", 0)
try:
    library.make("Builder", library.logger)
except BackendError as error:
    assert "cannot start here" in str(error)
else:
    raise AssertionError("the stand-ins make no builder")
"""


def unpack_bindings(version: str, folder: Path) -> None:
    """Fetch the wheel of a release, and lay stand-ins for the libraries beside what is in it."""
    requirement = f"{WHEELS[version]}=={version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), requirement]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    source = folder / "empty.c"
    source.write_text("".join(f"int {name}(void) {{ return 0; }}\n" for name in FUNCTIONS.split()))
    for library in LIBRARIES:
        name = f"lib{library}.so.{version.split('.')[0]}"
        subprocess.run(
            ["cc", "-w", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", str(folder / name), str(source)], check=True
        )


def write_stub(folder: Path) -> Path:
    """Let mypy's stubgen write down what the bindings declare; returns the folder of ``tensorrt.pyi``."""
    stubs = folder / "stubs"
    command = [sys.executable, "-c", STUBGEN, "--inspect-mode", "--quiet", "-m", "tensorrt", "-o", str(stubs)]
    subprocess.run(command, env=environment(folder), check=True)
    stub = stubs / "tensorrt.pyi"
    lines = [line for line in stub.read_text(encoding="utf-8").splitlines() if is_valid(line)]
    text = "\n".join(["from typing import Any as buffer, Any as capsule", *lines])
    for said, meant in UNSAID.items():
        text = re.sub(said, meant, text)
    stub.write_text(text, encoding="utf-8")
    return stubs


def is_valid(line: str) -> bool:
    """Whether a line of a stub, if it declares a function, is Python."""
    if not line.strip().startswith("def "):
        return True
    try:
        ast.parse(line.strip())
    except SyntaxError:
        return False
    return True


def environment(folder: Path) -> dict[str, str]:
    """Under which ``import tensorrt`` finds the bindings, and these the stand-ins."""
    return {**os.environ, "PYTHONPATH": str(folder / "tensorrt_bindings"), "LD_LIBRARY_PATH": str(folder)}


def read_members(folder: Path, kinds: list[str]) -> dict[str, str]:
    """The members of those classes that the bindings have."""
    command = [sys.executable, "-c", MEMBERS, *kinds]
    done = subprocess.run(command, env=environment(folder), check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def check_types(folder: Path, stubs: Path) -> int:
    """Run mypy on the backend; returns its exit status."""
    config = folder / "mypy.ini"
    config.write_text(MYPY)
    command = [sys.executable, "-m", "mypy", f"--config-file={config}", f"--cache-dir={os.devnull}"]
    where = {**os.environ, "MYPYPATH": str(stubs)}
    return subprocess.run([*command, "ris_ros/runtime/tensorrt"], env=where, cwd=REPOSITORY, check=False).returncode


def try_classes(folder: Path, version: str) -> int:
    """Make what derives from the bindings' classes; returns the exit status."""
    where = environment(folder)
    where["PYTHONPATH"] += f"{os.pathsep}{REPOSITORY}"
    return subprocess.run([sys.executable, "-c", TRY, version], env=where, check=False).returncode


def main() -> int:
    """Check every release; returns 1 where something does not fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the members of the classes for the tests' fake")
    write = parser.parse_args().write
    kept = json.loads(SURFACE.read_text(encoding="utf-8"))
    status = 0
    for version in WHEELS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            unpack_bindings(version, folder)
            print(f"TensorRT {version}: ", end="", flush=True)
            status |= check_types(folder, write_stub(folder)) | try_classes(folder, version)
            members = read_members(folder, kept["classes"].split())
        if write:
            kept["versions"][version] = members
        elif kept["versions"].get(version) != members:
            print(f"TensorRT {version}: {SURFACE.name} is not what the bindings have; run this with --write.")
            status = 1
    if write:
        SURFACE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return int(bool(status))


if __name__ == "__main__":
    sys.exit(main())
