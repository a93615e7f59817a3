"""The model bundle: one folder that holds all that inference needs, verified before anything is read.

The text encoder's weights are not in it (they are another project's release), but their checksum is.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ris_ros.config.bundle import BundleSettings
from ris_ros.config.strict import load_settings, parse_settings
from ris_ros.errors import BackendError, BundleError, ConfigError, OutputError
from ris_ros.language.encoder import TextEncoder
from ris_ros.language.weights import find_weights
from ris_ros.runtime.backend import SIDE_STEP

MANIFEST = "bundle.yaml"


def default_path() -> Path:
    """The bundle that is shipped with the package."""
    return Path(__file__).parents[1] / "bundles" / "street"


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A verified bundle; get one from :meth:`open`.

    Attributes:
        path: Its folder.
        settings: What its ``bundle.yaml`` says.
    """

    path: Path
    settings: BundleSettings

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Verify a bundle: its settings, the presence and the checksum of each file, and that there is no other.

        Raises:
            BundleError: It is missing, malformed or altered; the file is named.
        """
        if not path.is_dir():
            raise BundleError(f"{path}: there is no model bundle: give a bundle's folder, or reinstall ris_ros.")
        if not (path / MANIFEST).is_file():
            raise BundleError(f"{path}: has no {MANIFEST}: give the folder that `ris export` wrote.")
        try:
            settings = load_settings(BundleSettings, path / MANIFEST)
        except ConfigError as error:
            raise BundleError(str(error)) from None
        bundle = cls(path, settings)
        for file in sorted(path.iterdir()):
            # Hidden files are an editor's or a file manager's, and nothing reads them.
            if file.name != MANIFEST and file.name not in settings.files and not file.name.startswith("."):
                raise BundleError(f"{file}: is not listed in {MANIFEST}: remove it or export the bundle again.")
        for name in settings.files:
            bundle.read(name)
        return bundle

    @property
    def input_size_px(self) -> tuple[int, int]:
        """(width, height) of the network's input."""
        return self.settings.input_size_px

    @property
    def fixed_size_px(self) -> tuple[int, int] | None:
        """(width, height) of the only images that the graphs take; None where any multiples of 32 will do."""
        return None if self.settings.any_size else self.settings.input_size_px

    def largest_input(self, stated_px: tuple[int, int] | None) -> tuple[int, int]:
        """(width, height) of the largest input that is wanted of the model.

        Args:
            stated_px: What somebody states; None for the model's own.

        Raises:
            BackendError: The model does not take images of this size.
        """
        own = self.input_size_px
        if stated_px is None or stated_px == own:
            return own
        if not self.settings.any_size:
            raise BackendError(f"{self.label} takes images of {own[0]}x{own[1]} only: leave the input size away.")
        if any(side % SIDE_STEP or not 0 < side <= most for side, most in zip(stated_px, own, strict=True)):
            raise BackendError(
                f"{self.label} takes no input of {stated_px[0]}x{stated_px[1]}: use multiples of {SIDE_STEP} up to "
                f"{own[0]}x{own[1]}."
            )
        return stated_px

    @property
    def label(self) -> str:
        """Name and version, for people."""
        return f"{self.settings.name} {self.settings.version}"

    def read(self, name: str) -> bytes:
        """The contents of a file, verified in the same reading.

        Raises:
            BundleError: The file is not listed, cannot be read, or is not what the bundle was made with.
        """
        if name not in self.settings.files:
            raise BundleError(f"{self.path}: holds no {name}: export the bundle again with it.")
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise BundleError(f"{self.path / name}: cannot be read ({error.strerror}): restore the bundle.") from None
        if hashlib.sha256(content).hexdigest() != self.settings.files[name]:
            raise BundleError(f"{self.path / name}: its checksum is not the one in {MANIFEST}: restore the bundle.")
        return content

    def load_text_encoder(self, weights: Path | None = None, threads: int = 1) -> TextEncoder:
        """The text encoder that the bundle was trained with.

        Args:
            weights: The encoder's ``model.safetensors``; None finds the installed one.
            threads: Threads of one run.

        Raises:
            BundleError: The weights are missing or not the ones that the bundle names.
            BackendError: The graph cannot be run.
        """
        text = self.settings.text
        return TextEncoder(
            graph=self.path / "text.onnx",
            tokenizer=self.path / "tokenizer.json",
            weights=find_weights() if weights is None else weights,
            max_tokens=text.max_tokens,
            threads=threads,
            sha256=text.sha256,
        )


def write_bundle(path: Path, settings: Mapping[str, object], files: Mapping[str, bytes]) -> Bundle:
    """Write a bundle, whole or not at all, and open it.

    An existing bundle at ``path`` is replaced.

    Args:
        path: Its folder.
        settings: All of ``bundle.yaml`` but ``files``.
        files: Contents by name.

    Raises:
        BundleError: The settings or the file names are not those of a bundle, or ``path`` holds something else.
        OutputError: The folder cannot be written.
    """
    values = {**settings, "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    try:
        checked = parse_settings(BundleSettings, values, str(path / MANIFEST))
    except ConfigError as error:
        raise BundleError(str(error)) from None
    if path.exists() and not (path.is_dir() and ((path / MANIFEST).is_file() or not any(path.iterdir()))):
        raise BundleError(f"{path}: exists and is no bundle: choose another folder.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            _fill(staging, checked, files)
            if path.exists():
                shutil.rmtree(path)
            staging.rename(path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}): choose another folder.") from None
    return Bundle.open(path)


def _fill(folder: Path, settings: BundleSettings, files: Mapping[str, bytes]) -> None:
    folder.chmod(0o755)
    values = {**settings.model_dump(mode="json"), "roles": dict(settings.roles)}  # JSON would make the keys strings
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / name).write_bytes(content)
