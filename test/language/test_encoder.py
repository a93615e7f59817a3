from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import tiny_bundle

from ris_ros.errors import BundleError, RisError
from ris_ros.language import weights
from ris_ros.language.encoder import TextEncoder
from ris_ros.language.tokenizer import Tokenizer
from ris_ros.runtime.bundle import default_path

REFERENCE = json.loads((Path(__file__).parent / "reference_features.json").read_text(encoding="utf-8"))["texts"]


@pytest.fixture(scope="session")
def minilm() -> Path:
    try:
        return weights.find_package_folder()
    except RisError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def graph(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph as it is built where the package onnx is installed, else the shipped one."""
    if importlib.util.find_spec("onnx") is None:
        if not (default_path() / "text.onnx").is_file():
            pytest.skip("neither the package onnx nor a shipped bundle is there")
        return default_path() / "text.onnx"
    from ris_ros.language.text_graph import build

    path = tmp_path_factory.mktemp("text") / "text.onnx"
    build(minilm / "model.safetensors", path)
    return path


@pytest.fixture(scope="session")
def encoder(minilm: Path, graph: Path) -> TextEncoder:
    return TextEncoder(graph, minilm / "tokenizer.json", minilm / "model.safetensors")


@pytest.mark.parametrize("text", REFERENCE)
def test_features_are_those_of_an_independent_implementation(encoder: TextEncoder, text: str) -> None:
    expected = REFERENCE[text]
    length = len(expected["ids"])
    assert encoder.tokenize(text).ids.tolist() == expected["ids"]
    features = encoder.encode(text)
    np.testing.assert_allclose(features.sentence[:6], expected["sentence_head"], atol=2e-5)
    np.testing.assert_allclose(features.words[length - 2, :6], expected["last_word_head"], atol=2e-5)
    assert np.abs(features.words).sum() == pytest.approx(expected["words_sum_abs"], rel=1e-5)


def test_words_are_zero_where_padded_and_the_sentence_is_their_unit_mean(encoder: TextEncoder) -> None:
    features = encoder.encode("park behind the white van")
    length = int(features.word_mask.sum())
    assert features.words.shape == (32, 384)
    assert not features.words[length:].any()
    assert features.word_mask[:length].all()
    mean = features.words[:length].mean(axis=0)
    np.testing.assert_allclose(features.sentence, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_text_does_not_depend_on_its_company(encoder: TextEncoder) -> None:
    texts = ["the bus", "the red car on the left", "a bus", "the truck that is parked behind the white van", "the tree"]
    for batch in (1, 2, 16):
        for text, together in zip(texts, encoder.encode_many(texts, batch), strict=True):
            alone = encoder.encode(text)
            np.testing.assert_allclose(together.words, alone.words, atol=1e-5)
            np.testing.assert_allclose(together.sentence, alone.sentence, atol=1e-6)


def test_masked_tokens_change_nothing(graph: Path, encoder: TextEncoder) -> None:
    ids = encoder.tokenize("the red car").ids
    padded = np.concatenate([ids, np.full(7, 2482)])[None]
    mask = np.concatenate([np.ones_like(ids), np.zeros(7, np.int64)])[None]
    words, sentence = encoder._session.run(["words", "sentence"], {"input_ids": padded, "attention_mask": mask})
    alone = encoder.encode("the red car")
    np.testing.assert_allclose(words[0], alone.words[: padded.shape[1]], atol=1e-5)
    np.testing.assert_allclose(sentence[0], alone.sentence, atol=1e-6)


def test_meaning_is_there(encoder: TextEncoder) -> None:
    car, auto, tree = (f.sentence for f in encoder.encode_many(["the red car", "the red automobile", "a tall tree"]))
    assert car @ auto > 0.7 > 0.5 > car @ tree


def test_long_utterances_are_cut_at_the_end_and_the_cut_is_counted(minilm: Path) -> None:
    tokenizer = Tokenizer(minilm / "tokenizer.json", max_tokens=32)
    short, long = tokenizer.tokenize("the red car"), tokenizer.tokenize("car " * 200)
    assert short.dropped == 0
    assert len(short.ids) == 5
    assert len(long.ids) == 32
    assert long.dropped == 202 - 32
    assert long.ids[-1] == short.ids[-1]


def test_a_spelled_out_control_token_is_only_text(minilm: Path) -> None:
    tokenizer = Tokenizer(minilm / "tokenizer.json", max_tokens=32)
    separator = tokenizer.tokenize("car").ids[-1]
    assert separator not in tokenizer.tokenize("the [SEP] car").ids[:-1]


def test_altered_weights_are_refused(minilm: Path, graph: Path, tmp_path: Path) -> None:
    altered = tmp_path / "model.safetensors"
    data = bytearray((minilm / "model.safetensors").read_bytes()[:1_000_000])
    altered.write_bytes(data)
    with pytest.raises(BundleError, match="checksum"):
        TextEncoder(graph, minilm / "tokenizer.json", altered)


def test_a_change_after_verification_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"right")
    digest = hashlib.sha256(b"right").hexdigest()
    weights.verify(path, digest)
    path.write_bytes(b"wrong, and longer")
    with pytest.raises(BundleError, match="checksum"):
        weights.verify(path, digest)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x01", b"\xff" * 8, b"\x02\x00\x00\x00\x00\x00\x00\x00[]", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"[:9]],
)
def test_a_file_that_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"broken\.safetensors"):
        weights.read_header(path)


def test_a_tensor_beyond_the_end_of_the_file_is_refused(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path = tmp_path / "short.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 8)
    with pytest.raises(BundleError, match="outside the file"):
        weights.map_float32(path)


def test_the_environment_names_the_weights_and_a_wrong_name_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"x")
    monkeypatch.setenv(weights.WEIGHTS_ENVIRONMENT, str(path))
    assert weights.find_weights() == path
    monkeypatch.setenv(weights.WEIGHTS_ENVIRONMENT, str(tmp_path / "absent"))
    with pytest.raises(BundleError, match="names"):
        weights.find_weights()


def test_a_broken_tokenizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(BundleError, match="not a tokenizer"):
        Tokenizer(path, 32)


def test_what_was_mapped_can_be_read_again_after_its_memory_was_given_back() -> None:
    mapped = weights.map_float32(tiny_bundle.TEXT_WEIGHTS)
    before = {name: array.copy() for name, array in mapped.items()}
    weights.forget_pages(mapped)
    assert before
    for name, array in mapped.items():
        np.testing.assert_array_equal(array, before[name])
