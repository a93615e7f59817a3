from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from tiny_network import TINY
from toy_images import ToyEncoder

from ris_ros.config.strict import parse_settings
from ris_ros.config.training import TrainingSettings
from ris_ros.errors import BundleError, DataError
from ris_ros.runtime import registry
from ris_ros.runtime.bundle import Bundle
from ris_ros.training.checkpoint import read_checkpoint, write_start
from ris_ros.training.export import export_bundle
from ris_ros.training.text import TextMemo
from ris_ros.training.trainer import Trainer
from ris_ros.types import TextBatch

TEXTS = ["the red car on the left", "park behind the white van", "the road"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    values = {"network": {**TINY, "text_width": 384}, "workers": 0, "threads": 1}
    Trainer(parse_settings(TrainingSettings, values, "test"), TextMemo(ToyEncoder(), 1), folder).save()
    return folder / "checkpoint"


@pytest.fixture(scope="module")
def bundle(checkpoint: Path) -> Bundle:
    return export_bundle(checkpoint, checkpoint.parent / "bundle", "tiny", "3", data=[], for_torch=True)


def test_the_bundle_says_what_it_is(bundle: Bundle) -> None:
    assert bundle.label == "tiny 3"
    assert bundle.input_size_px == (96, 64)
    assert bundle.settings.thresholds.existence == 0.5
    assert "non-commercial" in bundle.settings.data_licence
    assert "not calibrated" in bundle.read("README.md").decode()


def test_every_backend_answers_alike(bundle: Bundle) -> None:
    encoder = bundle.load_text_encoder()
    text = TextBatch.stack([encoder.encode(t) for t in TEXTS], [0, 1, 1])
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), np.uint8)
    answers = {}
    for name in ("torch", "onnx"):
        with registry.load(name, bundle, threads=1) as backend:
            answers[name] = backend.ground(backend.see(pictures), text)
    for part in ("object_logits", "region_logits", "existence_logit"):
        np.testing.assert_allclose(getattr(answers["onnx"], part), getattr(answers["torch"], part), atol=5e-3)


def test_weights_for_torch_are_left_out_unless_asked_for(checkpoint: Path, tmp_path: Path) -> None:
    slim = export_bundle(checkpoint, tmp_path / "slim", "tiny", "3", data=[])
    assert "weights.safetensors" not in slim.settings.files
    with pytest.raises(BundleError, match=r"weights\.safetensors"):
        registry.load("torch", slim, threads=1)


def test_a_run_begins_with_the_weights_of_another_at_another_size(checkpoint: Path, tmp_path: Path) -> None:
    read = read_checkpoint(checkpoint)
    write_start(tmp_path / "start", read)
    start = read_checkpoint(tmp_path / "start")
    values = read.settings.model_dump()
    values["network"]["input_size_px"] = (128, 96)
    settings = parse_settings(TrainingSettings, values, "test")
    begun = Trainer(settings, TextMemo(ToyEncoder(), 1), tmp_path / "run", start=start).network.state_dict()
    for name, tensor in read.part("average").items():
        np.testing.assert_allclose(begun[name].float(), tensor.float(), atol=2e-3, rtol=1e-3, err_msg=name)
    with pytest.raises(DataError, match=r"(does|do) not fit"):
        Trainer(settings, TextMemo(ToyEncoder(), 1), tmp_path / "resumed", checkpoint=start)


def test_weights_of_another_network_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    values = read_checkpoint(checkpoint).settings.model_dump()
    values["network"]["stem_channels"] = 12
    with pytest.raises(DataError, match="do not fit the network"):
        Trainer(
            parse_settings(TrainingSettings, values, "test"),
            TextMemo(ToyEncoder(), 1),
            tmp_path,
            start=read_checkpoint(checkpoint),
        )


def test_something_else_is_not_replaced(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear diary")
    with pytest.raises(BundleError, match="is no bundle"):
        export_bundle(checkpoint, tmp_path, "tiny", "3", data=[])
    assert (tmp_path / "letter.txt").read_text() == "dear diary"


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no checkpoint"):
        export_bundle(tmp_path, tmp_path / "bundle", "tiny", "3", data=[])
