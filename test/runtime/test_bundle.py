from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_bundle
import yaml

from ris_ros.errors import BackendError, BundleError, OutputError
from ris_ros.runtime.bundle import Bundle, default_path, write_bundle


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle.BUNDLE, tmp_path / "copy"))


def test_a_whole_bundle_opens_and_gives_what_was_written(copy: Path) -> None:
    bundle = Bundle.open(copy)
    assert bundle.input_size_px == tiny_bundle.INPUT_SIZE_PX
    assert bundle.label == "tiny 1"
    assert bundle.read("vision.onnx") == (copy / "vision.onnx").read_bytes()
    with pytest.raises(BundleError, match=r"holds no weights\.safetensors"):
        bundle.read("weights.safetensors")


def test_an_input_is_any_multiple_of_32_up_to_the_largest_where_the_graphs_take_any(copy: Path) -> None:
    bundle = Bundle.open(copy)
    assert bundle.fixed_size_px is None
    assert bundle.largest_input(None) == tiny_bundle.INPUT_SIZE_PX
    assert bundle.largest_input((64, 32)) == (64, 32)
    for size in ((64, 33), (128, 64), (96, 96), (0, 32)):
        with pytest.raises(BackendError, match="multiples of 32 up to 96x64"):
            bundle.largest_input(size)


def test_a_model_of_one_size_takes_no_other(copy: Path) -> None:
    values = yaml.safe_load((copy / "bundle.yaml").read_text())
    del values["any_size"]
    (copy / "bundle.yaml").write_text(yaml.safe_dump(values))
    bundle = Bundle.open(copy)
    assert bundle.fixed_size_px == bundle.largest_input((96, 64)) == (96, 64)
    with pytest.raises(BackendError, match="96x64 only"):
        bundle.largest_input((64, 32))


def _flip_a_byte(bundle: Path) -> None:
    content = bytearray((bundle / "ground.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "ground.onnx").write_bytes(content)


def _add_a_file(bundle: Path) -> None:
    (bundle / "extra.bin").write_bytes(b"x")


def _add_an_unknown_key(bundle: Path) -> None:
    with (bundle / "bundle.yaml").open("a") as file:
        file.write("surprise: 1\n")


def _escape(bundle: Path) -> None:
    outside = bundle.parent / "outside.onnx"
    outside.write_bytes(b"x")
    values = yaml.safe_load((bundle / "bundle.yaml").read_text())
    values["files"]["../outside.onnx"] = hashlib.sha256(b"x").hexdigest()
    (bundle / "bundle.yaml").write_text(yaml.safe_dump(values))


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (_flip_a_byte, "ground.onnx"),
        (_add_a_file, "extra.bin"),
        (_add_an_unknown_key, "surprise"),
        (_escape, r"\.\./outside\.onnx"),
        (lambda bundle: (bundle / "tokenizer.json").unlink(), "tokenizer.json"),
        (lambda bundle: (bundle / "bundle.yaml").unlink(), "bundle.yaml"),
        (lambda bundle: (bundle / "bundle.yaml").write_text("[1, 2"), "bundle.yaml"),
        (lambda bundle: (bundle / "bundle.yaml").write_bytes(b"\xff\xfe\x00"), "bundle.yaml"),
        (shutil.rmtree, "no model bundle"),
    ],
)
def test_a_harmed_bundle_is_refused_and_the_culprit_named(
    copy: Path, harm: Callable[[Path], object], named: str
) -> None:
    harm(copy)
    with pytest.raises(BundleError, match=named):
        Bundle.open(copy)


def test_a_file_changed_after_opening_is_refused_when_read(copy: Path) -> None:
    bundle = Bundle.open(copy)
    (copy / "vision.onnx").write_bytes(b"another")
    with pytest.raises(BundleError, match=r"vision\.onnx"):
        bundle.read("vision.onnx")


def _contents(bundle: Bundle) -> tuple[dict[str, object], dict[str, bytes]]:
    settings = bundle.settings.model_dump()
    return settings, {name: bundle.read(name) for name in settings.pop("files")}


def test_writing_replaces_an_old_bundle_whole(copy: Path) -> None:
    settings, files = _contents(Bundle.open(copy))
    (copy / "README.md").write_text("old")
    written = write_bundle(copy, settings | {"version": "2"}, files | {"README.md": b"card"})
    assert written.settings.version == "2"
    assert written.read("README.md") == b"card"
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy"]


def test_writing_never_replaces_what_is_no_bundle(copy: Path, tmp_path: Path) -> None:
    settings, files = _contents(Bundle.open(copy))
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.tex").write_text("years")
    with pytest.raises(BundleError, match="is no bundle"):
        write_bundle(precious, settings, files)
    assert (precious / "thesis.tex").read_text() == "years"


def test_writing_refuses_names_that_are_no_bundle_files(copy: Path, tmp_path: Path) -> None:
    settings, files = _contents(Bundle.open(copy))
    with pytest.raises(BundleError, match="escape"):
        write_bundle(tmp_path / "new", settings, files | {"../escape": b""})
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "escape").exists()


def test_an_unwritable_place_is_said(copy: Path, tmp_path: Path) -> None:
    settings, files = _contents(Bundle.open(copy))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_bundle(tmp_path / "file" / "new", settings, files)


def test_the_committed_tiny_bundle_is_what_its_writer_writes(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    import make_tiny_bundle

    assert make_tiny_bundle.weights() == tiny_bundle.TEXT_WEIGHTS.read_bytes()
    files = make_tiny_bundle.contents()
    committed = tiny_bundle.open_bundle()
    for name in ("vision.onnx", "ground.onnx", "text.onnx"):
        assert files[name] == committed.read(name), f"{name}: run test/support/make_tiny_bundle.py"


def test_the_shipped_bundle_is_whole() -> None:
    if not default_path().is_dir():
        pytest.skip("this checkout ships no bundle")
    bundle = Bundle.open(default_path())
    assert bundle.settings.data_licence
    assert bundle.read("README.md")
