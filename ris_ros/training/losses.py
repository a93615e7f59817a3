"""What the network is trained to do: masks, where to point, existence, and the class and colour of every pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ris_ros.data.classes import VOID
from ris_ros.training.samples import NO_COLOUR, Batch


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each part; the fields are those of :class:`ris_ros.config.training.LossSettings`.

    Attributes:
        cross_entropy: Pixel-wise binary cross entropy of the masks.
        dice: Dice loss of the masks.
        pointing: Cross entropy of where the highest pixel lies.
        coarse: The above at stride 16.
        negative: Weight of a mask that ought to be empty.
        absent: Binary cross entropy of the highest pixels of what is not there.
        existence: Binary cross entropy of existence.
        semantic: Cross entropy of the class of every pixel.
        colour: Cross entropy of the colour of every pixel whose colour is known.
    """

    cross_entropy: float
    dice: float
    pointing: float
    coarse: float
    negative: float
    absent: float
    existence: float
    semantic: float
    colour: float


_OUTSIDE = 1e-4
"""What a pixel outside the mask counts in the pointing loss: not quite nothing, so that the logarithm stays finite."""

_HIGHEST = 32
"""Pixels that a mask of something absent is judged by: about as many as a far pedestrian covers."""


def referring_loss(
    outputs: Mapping[str, Tensor], class_logits: Tensor, colour_logits: Tensor, batch: Batch, weights: LossWeights
) -> dict[str, Tensor]:
    """The parts of the loss, each already weighted; their sum is what is minimised.

    A mask that is not known costs nothing. An empty one counts with a lower weight (RefSegformer, Wu et al., IEEE TIP
    2024: 0.4), because it is easily had.

    Args:
        outputs: What :meth:`ris_ros.model.network.ReferringNetwork.ground` returned.
        class_logits: [B, classes, h, w].
        colour_logits: [B, colours, h, w].
        batch: The truth.
        weights: Weight of each part.

    Returns:
        Scalars ``mask``, ``dice``, ``pointing``, ``coarse``, ``absent``, ``existence``, ``semantic``, ``colour``.
    """
    truth = batch.masks.float() / 255.0
    fine = torch.stack([outputs["object_logits"], outputs["region_logits"]], dim=1).float()
    coarse_logits = outputs["coarse_logits"].float()
    factor = truth.shape[-1] // coarse_logits.shape[-1]
    coarse_truth = functional.avg_pool2d(truth, factor)
    importance = batch.known * (batch.present + (1.0 - batch.present) * weights.negative)
    fine_parts = _mask_losses(fine, truth, importance, batch.present)
    coarse_parts = _mask_losses(coarse_logits, coarse_truth, importance, batch.present)
    scales = (weights.cross_entropy, weights.dice, weights.pointing)
    mask, dice, pointing = (scale * part for scale, part in zip(scales, fine_parts, strict=True))
    coarse = torch.stack([scale * part for scale, part in zip(scales, coarse_parts, strict=True)]).sum()
    existence = functional.binary_cross_entropy_with_logits(outputs["existence_logit"].float(), batch.exists)
    semantic = functional.cross_entropy(class_logits.float(), batch.classes.long(), ignore_index=VOID)
    # A batch may hold nothing whose colour is known, and the mean over nothing is not a number.
    painted = (batch.colours != NO_COLOUR).sum().clamp(min=1)
    colour = (
        functional.cross_entropy(colour_logits.float(), batch.colours.long(), ignore_index=NO_COLOUR, reduction="sum")
        / painted
    )
    return {
        "mask": mask,
        "dice": dice,
        "pointing": pointing,
        "coarse": weights.coarse * coarse,
        "absent": weights.absent * _absent_loss(fine, batch.exists),
        "existence": weights.existence * existence,
        "semantic": weights.semantic * semantic,
        "colour": weights.colour * colour,
    }


def _absent_loss(logits: Tensor, exists: Tensor) -> Tensor:
    """Mean cross entropy of the highest pixels [N, 2, h, w] of the masks of sentences that are true of nothing.

    Averaged over all pixels, a wrong mask as small as its thing costs next to nothing, while Dice keeps such a mask up
    where it is right: near misses ("the blue car" where a red one stands) would light up like hits.
    """
    highest = logits[exists == 0].flatten(2).topk(_HIGHEST, dim=2).values
    return functional.softplus(highest).sum() / max(highest.numel(), 1)


def _mask_losses(logits: Tensor, truth: Tensor, importance: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted means over the masks [N, 2, h, w] of the cross entropy, of the Dice loss and of the pointing loss.

    The pointing loss takes the logits of a mask as a distribution over pixels and is the negative logarithm of the
    share that lies inside. It weighs a thing of ten pixels like one of a thousand, which neither of the others does.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean(dim=(2, 3))
    probability = logits.sigmoid()
    overlap = (probability * truth).sum(dim=(2, 3))
    total = (probability + truth).sum(dim=(2, 3))
    dice = 1.0 - (2.0 * overlap + 1.0) / (total + 1.0)
    inside = logits + truth.clamp(min=_OUTSIDE).log()
    pointing = logits.flatten(2).logsumexp(dim=2) - inside.flatten(2).logsumexp(dim=2)
    count = present.sum().clamp(min=1.0)
    return (
        (entropy * importance).sum() / importance.sum().clamp(min=1.0),
        (dice * present).sum() / count,
        (pointing * present).sum() / count,
    )
