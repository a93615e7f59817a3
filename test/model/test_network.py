from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from tiny_network import images, stirred, text, tiny_network, tiny_settings
from torch import Tensor

from ris_ros.model.network import FEATURES, ReferringNetwork

ANSWERS = ("object_logits", "region_logits", "existence_logit")


@pytest.fixture(scope="module")
def network() -> ReferringNetwork:
    return stirred(tiny_network())


def ground(
    network: ReferringNetwork, pictures: Tensor, spoken: tuple[Tensor, ...], index: list[int]
) -> dict[str, Tensor]:
    with torch.no_grad():
        return network.ground(network.see(pictures), *spoken, torch.tensor(index))


def test_shapes(network: ReferringNetwork) -> None:
    with torch.no_grad():
        features = network.see(images(2))
    assert tuple(features) == FEATURES
    assert features["p8"].shape == (2, 8, 12, 8)
    assert features["p32"].shape == (2, 2, 3, 16)
    answers = ground(network, images(2), text(3), [0, 1, 1])
    assert answers["object_logits"].shape == answers["region_logits"].shape == (3, 16, 24)
    assert answers["existence_logit"].shape == (3,)
    classes, colours = network.classify(features)
    assert classes.shape == (2, 17, 16, 24)
    assert colours.shape == (2, 14, 16, 24)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (32, 96), (96, 64), (160, 128)])
def test_any_size_in_steps_of_32_is_answered_at_its_own_size(
    network: ReferringNetwork, height: int, width: int
) -> None:
    pictures = torch.randint(0, 256, (1, height, width, 3), dtype=torch.uint8)
    answers = ground(network, pictures, text(2), [0, 0])
    assert answers["object_logits"].shape == (2, height // 4, width // 4)
    assert all(torch.isfinite(answers[name]).all() for name in ANSWERS)


def test_permuted_commands_get_permuted_answers(network: ReferringNetwork) -> None:
    words, mask, sentence = text(4)
    straight = ground(network, images(2), (words, mask, sentence), [0, 1, 0, 1])
    order = torch.tensor([2, 0, 3, 1])
    turned = ground(network, images(2), (words[order], mask[order], sentence[order]), [0, 0, 1, 1])
    for name in ANSWERS:
        torch.testing.assert_close(turned[name], straight[name][order])


def test_a_command_is_answered_alone_as_in_company(network: ReferringNetwork) -> None:
    words, mask, sentence = text(4)
    together = ground(network, images(2), (words, mask, sentence), [0, 1, 0, 1])
    alone = ground(network, images(2), (words[1:2], mask[1:2], sentence[1:2]), [1])
    for name in ANSWERS:
        torch.testing.assert_close(alone[name], together[name][1:2])


def test_a_command_is_answered_on_its_own_camera(network: ReferringNetwork) -> None:
    spoken = tuple(part[:1] for part in text(1))
    both = images(2)
    on_second = ground(network, both, spoken, [1])
    only_second = ground(network, both[1:], spoken, [0])
    torch.testing.assert_close(on_second["object_logits"], only_second["object_logits"])
    on_first = ground(network, both, spoken, [0])
    assert not torch.allclose(on_first["object_logits"], on_second["object_logits"])


def test_padding_changes_nothing(network: ReferringNetwork) -> None:
    words, mask, sentence = text(2, tokens=7, real=4)
    short = ground(network, images(1), (words[:, :4], mask[:, :4], sentence), [0, 0])
    padded = ground(network, images(1), (words, mask, sentence), [0, 0])
    littered = ground(network, images(1), (words + 5.0 * (1.0 - mask[..., None]), mask, sentence), [0, 0])
    for name in ANSWERS:
        torch.testing.assert_close(padded[name], short[name])
        torch.testing.assert_close(littered[name], short[name])


def test_words_and_sentence_both_matter(network: ReferringNetwork) -> None:
    words, mask, sentence = text(1)
    answer = ground(network, images(1), (words, mask, sentence), [0])["object_logits"]
    assert not torch.allclose(ground(network, images(1), (-words, mask, sentence), [0])["object_logits"], answer)
    assert not torch.allclose(ground(network, images(1), (words, mask, -sentence), [0])["object_logits"], answer)


def test_modulation_starts_as_the_identity() -> None:
    level = tiny_network().fuse_fine
    x = torch.randn(2, 96, 8)
    words, sentence = torch.randn(2, 5, 16), torch.randn(2, 12)
    with torch.no_grad():
        torch.testing.assert_close(level.by_words(x, words, torch.zeros(2, 1, 5)), x)
        torch.testing.assert_close(level.by_sentence(x, sentence), x)


def test_every_pixel_attends_to_its_own_words() -> None:
    modulation = stirred(tiny_network()).fuse_fine.by_words
    x, words = torch.randn(1, 96, 8), torch.randn(1, 5, 16)
    with torch.no_grad():
        shifts = modulation(x, words, torch.zeros(1, 1, 5)) - x
        without_last = modulation(x, words, torch.tensor([[[0.0, 0.0, 0.0, 0.0, -1e4]]])) - x
    change = (shifts - without_last).abs().amax(dim=2).flatten()
    assert change.max() > 3 * change.min()


def test_existence_does_not_shape_the_masks(network: ReferringNetwork) -> None:
    network.zero_grad()
    answers = network.ground(network.see(images(1)), *text(2), torch.tensor([0, 0]))
    answers["existence_logit"].sum().backward()
    reached = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached == {"exists"}


def test_normalisation_is_inside_the_graph() -> None:
    plain = tiny_network()
    shifted = ReferringNetwork(**{**tiny_settings().model_dump(), "mean": (0.0, 0.0, 0.0)}).eval()
    shifted.load_state_dict(plain.state_dict())
    with torch.no_grad():
        assert not torch.allclose(plain.see(images(1))["p8"], shifted.see(images(1))["p8"])


def test_input_must_be_a_multiple_of_32() -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        ReferringNetwork(**{**tiny_settings().model_dump(), "input_size_px": (100, 64)})


def test_gradients_reach_every_trained_weight() -> None:
    network = stirred(tiny_network()).train()
    features = network.see(images(2))
    answers = network.ground(features, *text(3), torch.tensor([0, 1, 1]))
    total = sum(answer.float().pow(2).mean() for answer in (*network.classify(features), *answers.values()))
    total.backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []
