"""Peers: what stands in for their inputs, and that their networks are of the published size."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys

import numpy as np
import pytest
from tiny_bundle import BUNDLE, picture

from ris_ros.benchmark.peers.engines import engines, fill
from ris_ros.benchmark.peers.table import PEERS, PeerEntry, find_peer
from ris_ros.errors import BackendError, DataError, MissingExtraError, OutputError

PICTURE = picture((64, 48))


@pytest.mark.parametrize(
    ("type_", "shape", "made", "dtype"),
    [
        ("tensor(float)", [1, 3, 8, 12], (1, 3, 8, 12), np.float32),
        ("tensor(float16)", ["n", 3, "h", "w"], (1, 3, 288, 480), np.float16),
        ("tensor(uint8)", ["cameras", "height", "width", 3], (1, 288, 480, 3), np.uint8),
        ("tensor(int64)", ["n", None], (1, 16), np.int64),
        ("tensor(bool)", [2, 5], (2, 5), np.bool_),
        ("tensor(float)", [], (), np.float32),
    ],
)
def test_inputs_are_filled_by_shape(type_, shape, made, dtype):
    value = fill("x", type_, shape, PICTURE, (480, 288))
    assert value.shape == made and value.dtype == dtype
    assert np.isfinite(value.astype(np.float64)).all()


def test_masks_and_whole_numbers_are_ones_and_images_show_the_picture():
    assert fill("token_mask", "tensor(float)", [1, 4], PICTURE, (8, 8)).tolist() == [[1, 1, 1, 1]]
    assert fill("ids", "tensor(int64)", [1, 4], PICTURE, (8, 8)).tolist() == [[1, 1, 1, 1]]
    assert np.all(fill("image", "tensor(uint8)", [1, 8, 8, 3], PICTURE, (8, 8)) == 90)


def test_an_input_of_another_kind_is_refused():
    with pytest.raises(BackendError, match=r"'x' is a tensor\(string\)"):
        fill("x", "tensor(string)", [1], PICTURE, (8, 8))


def test_any_graph_is_run_in_every_runtime_here():
    found = engines(BUNDLE / "vision.onnx", PICTURE, (96, 64), threads=1)
    assert found[0].name == "ONNX Runtime fp32"
    assert len(found) == 1 + (importlib.util.find_spec("openvino") is not None)
    for engine in found:
        assert engine.call() is not None


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(BackendError, match="cannot load it"):
        engines(path, PICTURE, (96, 64), threads=1)


def test_a_peer_is_found_by_name_or_by_path(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_peer(str(BUNDLE / "vision.onnx"), print).name == "vision.onnx"
    with pytest.raises(DataError, match="Unknown peer 'clip': use clipseg or lavt"):
        find_peer("clip", print)
    with pytest.raises(DataError, match="there is no such graph"):
        find_peer(str(tmp_path / "none.onnx"), print)


def test_a_peer_whose_graphs_must_be_made_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "transformers" else real(name))
    with pytest.raises((MissingExtraError), match=r"\.\[peers\]"):
        find_peer("lavt", print)


@pytest.fixture
def torch():
    pytest.importorskip("transformers", reason="needs the extra peers")
    return pytest.importorskip("torch")


def parameters(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def test_lavt_is_of_the_published_size(torch):
    """Swin paper (ICCV 2021), table 1: Swin-B has 88 M parameters with its classifier, and 47.0 GMAC at 384x384, where
    no window is padded; BERT-base has 110 M with its pooler."""
    from torch.utils.flop_counter import FlopCounterMode

    from ris_ros.benchmark.peers.lavt import WORDS, Lavt, Words

    with torch.device("meta"):
        network, words = Lavt().eval(), Words()
        swin = [network.embeddings]
        for stage in network.stages:
            swin += [stage.blocks] + ([] if stage.downsample is None else [stage.downsample])
        classifier = 1024 * 1000 + 1000
        assert (parameters(*swin) + classifier) / 1e6 == pytest.approx(88.0, abs=0.5)
        pooler = 768 * 768 + 768
        assert (parameters(words) + pooler) / 1e6 == pytest.approx(110.0, abs=1.0)

        side = 384 // 4
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            pixels, _ = network.embeddings(torch.zeros(1, 3, 384, 384))
            for stage in network.stages:
                for block in stage.blocks:
                    pixels = block(pixels, (side, side), always_partition=True)[0]
                if stage.downsample is not None:
                    pixels = stage.downsample(pixels, (side, side))
                side //= 2
        assert counter.get_total_flops() / 2e9 == pytest.approx(47.0, rel=0.02)

        # What the paper adds: attention to words and gates, 6 C^2 + 1536 C at each stage, and two 3x3 layers a level.
        added = sum(6 * c * c + 2 * 768 * c for c in (128, 256, 512, 1024))
        decoder = 9 * 512 * ((1024 + 512) + 512 + (512 + 256) + 512 + (512 + 128) + 512)
        assert parameters(network) - parameters(*swin) == pytest.approx(added + decoder, rel=0.002)
        with torch.inference_mode():
            mask = network(torch.zeros(1, 3, 480, 480), torch.zeros(1, 768, WORDS), torch.ones(1, 1, WORDS))
        assert mask.shape == (1, 2, 480, 480)


def test_clipseg_is_of_the_published_size(torch):
    """CLIP's ViT-B/16 has 149.6 M parameters; the decoder of width 64 adds 1.1 M (CLIPSeg paper, section 3)."""
    from ris_ros.benchmark.peers.clipseg import INPUT_SIZE_PX, make

    with torch.device("meta"):
        network = make()
    assert parameters(network.clip) / 1e6 == pytest.approx(149.6, abs=0.1)
    assert parameters(network.decoder) / 1e6 == pytest.approx(1.13, abs=0.03)
    assert math.prod(INPUT_SIZE_PX) == 352 * 352


def test_graphs_are_written_whole_and_answer_as_the_network(torch, tmp_path):
    from ris_ros.benchmark.peers.export import Part, export

    torch.manual_seed(0)
    layer = torch.nn.Linear(4, 3)
    example = torch.randn(2, 4)
    export({"image": Part(layer, {"x": example}, "y"), "text": Part(layer, {"x": example}, "y")}, tmp_path / "peer")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["peer"]
    import onnxruntime

    about = json.loads((tmp_path / "peer" / "about.json").read_text())
    assert about["parameters"] == 15
    assert about["gmacs"]["image"] == pytest.approx(2 * 4 * 3 / 1e9)
    session = onnxruntime.InferenceSession(str(tmp_path / "peer" / "image.onnx"), providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"x": example.numpy()})
    np.testing.assert_allclose(answer, layer(example).detach().numpy(), atol=1e-5)


def test_a_cache_that_cannot_be_written_is_one_sentence(torch, tmp_path, monkeypatch):
    (tmp_path / "ris_ros").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(
        "ris_ros.benchmark.peers.table.PEERS",
        {"small": PeerEntry("small_peer", "a small network")},
    )
    (tmp_path / "small_peer.py").write_text("def parts():\n    return {}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    with pytest.raises(OutputError, match=r"graphs of small cannot be made.*set XDG_CACHE_HOME"):
        find_peer("small", lambda text: None)


def test_every_peer_has_a_recipe():
    for entry in PEERS.values():
        assert importlib.util.find_spec(entry.module) is not None
