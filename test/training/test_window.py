"""What stays true in a window: sides swap in a mirror, what is cut or leans on the whole falls away."""

import numpy as np
import pytest

from ris_ros.data.classes import BY_NAME
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.saying import Saying, expression_of
from ris_ros.training.augment import cut
from ris_ros.training.window import Window
from ris_ros.types import Target

WHOLE = (0, 0, 80, 60)


def image() -> LabeledImage:
    classes = np.full((60, 80), BY_NAME["road"].id, np.uint8)
    instances = np.zeros((60, 80), np.int32)
    for key, x in ((1, 5), (2, 55)):
        classes[20:40, x : x + 20], instances[20:40, x : x + 20] = BY_NAME["car"].id, key
    region = np.zeros((60, 80), bool)
    region[50:58, 2:30] = True
    return LabeledImage(
        "test/window",
        np.zeros((60, 80, 3), np.uint8),
        classes,
        instances,
        {
            1: InstanceInfo("car", colour="red", attributes=("at the left edge", "in a hurry")),
            2: InstanceInfo("car", colour="blue", attributes=("turning right",)),
        },
        sayings=(
            Saying("the red car", "said_thing", Target.OBJECT, keys=(1,)),
            Saying("car on the right", "said_thing", Target.OBJECT, keys=(2,)),
            Saying("a green car", "said_absent", Target.OBJECT, exists=False),
            Saying("park over here", "said_region", Target.REGION, region_mask=region),
        ),
    )


def window(source: tuple[int, int, int, int], mirrored: bool = False) -> Window:
    return Window(source, (0, 0, source[2], source[3]), mirrored)


def test_the_whole_picture_keeps_everything() -> None:
    assert [s.text for s in cut(image(), window(WHOLE)).sayings] == [s.text for s in image().sayings]


def test_a_mirror_swaps_the_words_and_moves_the_masks() -> None:
    mirrored = cut(image(), window(WHOLE, mirrored=True))
    said = {saying.text: expression_of(saying, mirrored) for saying in mirrored.sayings}
    left = said["car on the left"].object_mask
    assert left is not None and left[30, 10] and not left[30, 70]
    region = said["park over here"].region_mask
    assert region is not None and region[54, 60] and not region[54, 10]
    assert mirrored.instances[1].attributes == ("at the right edge", "in a hurry")


def test_a_part_keeps_what_is_still_true_of_it() -> None:
    left_half = cut(image(), window((0, 0, 40, 60)))
    assert [saying.text for saying in left_half.sayings] == ["the red car", "a green car", "park over here"]
    assert left_half.instances[1].attributes == ("in a hurry",)


@pytest.mark.parametrize("x", [12, 20])
def test_what_is_cut_is_not_asked_for(x: int) -> None:
    texts = [saying.text for saying in cut(image(), window((x, 0, 60, 60))).sayings]
    assert "the red car" not in texts and "park over here" not in texts and "a green car" in texts
