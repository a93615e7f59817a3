from __future__ import annotations

import cv2
import numpy as np
import pytest
from toy_street import HORIZON_Y, empty_street, with_thing

from ris_ros.data.edit.weather import CHANGES
from ris_ros.data.labeled_image import InstanceInfo

STREET = with_thing(empty_street(), "car", 120, 100, (180, 30, 35), InstanceInfo("car", "red"))


def changed(name: str, seed: int = 0) -> np.ndarray:
    return CHANGES[name](STREET.image_rgb.copy(), STREET.class_map, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CHANGES)
def test_it_gives_another_picture_of_that_size_by_chance_alone(name: str) -> None:
    picture = STREET.image_rgb.copy()
    result = CHANGES[name](picture, STREET.class_map, np.random.default_rng(1))
    np.testing.assert_array_equal(picture, STREET.image_rgb)
    assert result.shape == picture.shape and result.dtype == np.uint8
    assert (result != picture).any()
    np.testing.assert_array_equal(result, changed(name, 1))
    assert (result != changed(name, 2)).any()


@pytest.mark.parametrize("size", [(40, 64), (700, 900)])
@pytest.mark.parametrize("name", CHANGES)
def test_small_and_large_pictures_are_taken(name: str, size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 120, np.uint8)
    assert CHANGES[name](picture, np.zeros(size, np.uint8), np.random.default_rng(0)).shape == picture.shape


@pytest.mark.parametrize("seed", range(5))
def test_night_is_dark_above_all_in_the_sky(seed: int) -> None:
    dark = changed("night", seed)
    assert np.median(dark) < 0.75 * np.median(STREET.image_rgb)
    assert np.median(dark[:HORIZON_Y]) < np.median(dark[HORIZON_Y:])


@pytest.mark.parametrize("seed", range(5))
def test_fog_hides_the_far_more_than_the_near(seed: int) -> None:
    foggy = changed("fog", seed).astype(int)
    road = foggy[:, 20].mean(axis=1)
    assert road[HORIZON_Y + 8] > road[110] > road[155] >= 100


def test_blur_and_compression_take_detail_away() -> None:
    speckled = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    classes = np.zeros((96, 128), np.uint8)
    detail = cv2.Laplacian(speckled, cv2.CV_32F).var()
    for name in ("motion_blur", "jpeg"):
        result = CHANGES[name](speckled, classes, np.random.default_rng(0))
        assert cv2.Laplacian(result, cv2.CV_32F).var() < 0.8 * detail


def test_glare_and_rain_only_add_light_where_they_are() -> None:
    assert (changed("glare") >= STREET.image_rgb).all()
    assert changed("glare")[:60].mean() > STREET.image_rgb[:60].mean()
    # Rain pales, so the darkest is lifted and contrast falls.
    assert changed("rain").min() >= STREET.image_rgb.min()
    assert np.ptp(cv2.blur(changed("rain"), (9, 9))) < np.ptp(cv2.blur(STREET.image_rgb, (9, 9)))
