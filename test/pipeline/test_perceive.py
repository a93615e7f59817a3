from __future__ import annotations

import numpy as np
import pytest
import tiny_bundle
from tiny_bundle import BLUE, RED, WHITE, picture

from ris_ros.errors import BackendError, ConfigError, ImageError
from ris_ros.geometry.letterbox import resized
from ris_ros.pipeline.perceive import Perceiver
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.runtime import registry
from ris_ros.types import Command, Frame, Grounding, GroundOutput, Target, TextBatch, VisionFeatures

THRESHOLDS = Thresholds(0.5, 0.5, 0.5)
SIZE = (192, 128)
RED_BOX, BLUE_BOX = (16, 16, 48, 48), (112, 64, 48, 48)


@pytest.fixture
def perceiver() -> Perceiver:
    backend = registry.load("onnx", tiny_bundle.open_bundle(), threads=1)
    return Perceiver(backend, tiny_bundle.load_text_encoder(), tiny_bundle.INPUT_SIZE_PX, THRESHOLDS)


def command(text: str, target: Target = Target.OBJECT, id_: str = "", cameras: tuple[str, ...] = ()) -> Command:
    return Command(id_ or text, text, target, 0, cameras)


def frame(camera: str = "front", size: tuple[int, int] = SIZE) -> Frame:
    return Frame(camera, picture(size, (RED, RED_BOX), (BLUE, BLUE_BOX)), 1)


def same(a: Grounding, b: Grounding) -> bool:
    return (
        a.found == b.found
        and a.existence == pytest.approx(b.existence, abs=1e-5)
        and bool((a.object.mask == b.object.mask).all())
        and bool((a.region.mask == b.region.mask).all())
        and bool((np.abs(a.asked.confidence.astype(int) - b.asked.confidence) <= 1).all())
    )


def test_the_named_thing_is_masked_where_it_is(perceiver: Perceiver) -> None:
    (answer,) = perceiver.perceive([frame()], [command("the red car")])
    assert answer.found
    assert answer.reason == ""
    x, y, width, height = RED_BOX
    assert answer.object.mask[y + 4 : y + height - 4, x + 4 : x + width - 4].all()
    outside = answer.object.mask.copy()
    outside[y - 4 : y + height + 4, x - 4 : x + width + 4] = False
    assert not outside.any()
    assert answer.object.mask.shape == (SIZE[1], SIZE[0])
    left, top, roi_width, roi_height = answer.object.roi_xywh
    rows, columns = np.nonzero(answer.object.mask)
    assert (left, top) == (columns.min(), rows.min())
    assert (left + roi_width, top + roi_height) == (columns.max() + 1, rows.max() + 1)
    assert answer.score == pytest.approx(answer.object.confidence[answer.object.mask].mean() / 255, abs=1e-6)
    peak_x, peak_y = answer.object.peak_xy
    assert answer.object.mask[peak_y, peak_x]
    assert set(answer.stage_ns) == {"text", "letterbox", "vision", "ground", "masks"}


def test_what_is_not_there_has_empty_masks_a_reason_and_still_a_confidence(perceiver: Perceiver) -> None:
    for text in ("the white van", "the red unicorn", "whatever"):
        (answer,) = perceiver.perceive([frame()], [command(text)])
        assert not answer.found
        assert answer.object.empty and answer.region.empty
        assert not answer.object.mask.any() and not answer.region.mask.any()
        assert answer.score == 0.0
        assert answer.candidates == 0
        assert "existence" in answer.reason
    (unicorn,) = perceiver.perceive([frame()], [command("the red unicorn")])
    assert unicorn.object.confidence[32, 32] == 255
    assert RED_BOX[0] <= unicorn.object.peak_xy[0] < RED_BOX[0] + RED_BOX[2]


def test_existing_without_a_pixel_is_not_found(perceiver: Perceiver) -> None:
    """Existence alone is no place: with an unreachable mask threshold nothing is found, and the reason says so."""
    white = Frame("front", picture(SIZE, (WHITE, RED_BOX)), 1)
    (answer,) = perceiver.perceive([white], [command("the white van")], Thresholds(0.9999, 0.5, 0.5))
    assert answer.existence > 0.5
    assert not answer.found
    assert answer.region.empty
    assert "No pixel" in answer.reason


def test_thresholds_act_on_their_own_answer_only(perceiver: Perceiver) -> None:
    # White is found with a probability of 99.7 %, for the object's pixels and for its existence.
    white = Frame("front", picture(SIZE, (WHITE, RED_BOX)), 1)
    view = perceiver.look([white])
    order = [command("go next to the white van", Target.REGION)]
    (answer,) = perceiver.answer(view, order, THRESHOLDS)
    assert answer.found and not answer.object.empty and not answer.region.empty
    (answer,) = perceiver.answer(view, order, Thresholds(0.999, 0.5, 0.5))
    assert answer.found and answer.object.empty and not answer.region.empty
    (answer,) = perceiver.answer(view, order, Thresholds(0.5, 0.5, 0.999))
    assert not answer.found and answer.object.empty and answer.region.empty


def test_masks_shrink_as_the_threshold_rises(perceiver: Perceiver) -> None:
    view = perceiver.look([frame()])
    previous = np.ones((SIZE[1], SIZE[0]), np.bool_)
    for level in (0.02, 0.2, 0.5, 0.8, 0.98):
        (answer,) = perceiver.answer(view, [command("the red car")], Thresholds(level, 0.5, 0.5))
        assert not (answer.object.mask & ~previous).any()
        assert (answer.object.mask == (answer.object.confidence >= np.ceil(level * 255))).all()
        previous = answer.object.mask


def test_auto_is_decided_and_a_decided_command_comes_back_itself(perceiver: Perceiver) -> None:
    plain, order = command("the red car", Target.AUTO), command("park behind the red car", Target.AUTO)
    decided = command("the blue car", Target.REGION)
    answers = perceiver.perceive([frame()], [plain, order, decided])
    assert [answer.command.target for answer in answers] == [Target.OBJECT, Target.REGION, Target.REGION]
    assert answers[2].command is decided
    assert answers[1].asked is answers[1].region


def test_commands_and_cameras_in_one_batch_answer_as_they_do_alone(perceiver: Perceiver) -> None:
    frames = [
        frame("front"),
        Frame("rear", picture((90, 160), (BLUE, (10, 30, 60, 60))), 2, "rear_optical"),
        Frame("left", picture((96, 64)), 3),
    ]
    commands = [
        command("the red car"),
        command("the blue car", Target.REGION),
        command("the white van", cameras=("rear",)),
    ]
    together = perceiver.perceive(frames, commands)
    expected = [(f, c) for f in frames for c in commands if c.concerns(f.camera)]
    assert [(a.frame.camera, a.command.id) for a in together] == [(f.camera, c.id) for f, c in expected]
    for answer, (one_frame, one_command) in zip(together, expected, strict=True):
        assert answer.frame is one_frame
        (alone,) = perceiver.perceive([one_frame], [one_command])
        assert same(answer, alone)


def test_a_survey_says_of_each_frame_what_any_of_its_texts_finds(perceiver: Perceiver) -> None:
    frames = [frame("front"), Frame("rear", picture((90, 160), (BLUE, (10, 30, 60, 60))), 2)]
    (named,) = perceiver.perceive(frames[:1], [command("the red car")])
    view = perceiver.look(frames)
    before = perceiver.answer(view, [command("the red car")])
    front, rear = perceiver.survey(view, ["the red car", "the blue car"], ["the white car"])
    assert (front.frame, rear.frame) == tuple(frames)
    height, width = front.free.shape
    assert width / height == pytest.approx(SIZE[0] / SIZE[1], rel=0.05)
    per_px = width / SIZE[0]
    for x, y, w, h in (RED_BOX, BLUE_BOX):
        middle = front.free[round((y + h / 2) * per_px), round((x + w / 2) * per_px)]
        assert middle > 200
    assert front.free[int(96 * per_px), int(16 * per_px)] < 60
    assert front.obstacle.max() < 60
    assert rear.free.shape != front.free.shape
    # What was asked for is answered the same with a survey after it as without.
    assert same(named, before[0])
    assert same(named, perceiver.answer(perceiver.look(frames[:1]), [command("the red car")])[0])


def test_frames_that_nothing_concerns_are_not_looked_at(perceiver: Perceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    see = perceiver.backend.see
    monkeypatch.setattr(perceiver.backend, "see", lambda images: looked.append(len(images)) or see(images))
    assert perceiver.perceive([frame("front"), frame("rear")], [command("the red car", cameras=("rear",))])
    assert perceiver.perceive([frame("front")], [command("the red car", cameras=("rear",))]) == []
    assert perceiver.perceive([], [command("the red car")]) == []
    assert perceiver.perceive([frame("front")], []) == []
    assert looked == [1]


def test_one_look_serves_many_answers(perceiver: Perceiver) -> None:
    view = perceiver.look([frame()])
    first = perceiver.answer(view, [command("the red car")])
    perceiver.answer(view, [command("the blue car")])
    again = perceiver.answer(view, [command("the red car")])
    assert same(first[0], again[0])


@pytest.mark.parametrize("size", [(640, 360), (384, 256), (1000, 700), (90, 160)])
def test_an_image_shrunk_to_the_working_size_is_answered_as_the_whole(
    perceiver: Perceiver, size: tuple[int, int]
) -> None:
    box = size[0] // 8, size[1] // 4, size[0] // 2, size[1] // 2
    whole = Frame("front", picture(size, (RED, box)), 1)
    width, height = perceiver.working_size(size)
    assert width <= tiny_bundle.INPUT_SIZE_PX[0] and height <= tiny_bundle.INPUT_SIZE_PX[1]
    small = Frame("front", resized(whole.image_rgb, (width, height)), 1, camera_size_px=size)
    commands = [command("the red car"), command("the white van")]
    for one, other in zip(perceiver.perceive([whole], commands), perceiver.perceive([small], commands), strict=True):
        assert same(one, other)
        assert other.object.size_px == size and other.object.roi_xywh == one.object.roi_xywh
        assert other.asked.peak_xy == one.asked.peak_xy


def test_a_single_image_that_is_the_networks_input_is_not_copied(
    perceiver: Perceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []
    see = perceiver.backend.see
    monkeypatch.setattr(perceiver.backend, "see", lambda images: seen.append(images) or see(images))
    exact = Frame("front", picture(perceiver.working_size((300, 200))), 1, camera_size_px=(300, 200))
    perceiver.perceive([exact], [command("the red car")])
    assert seen[0].shape[0] == 1 and np.shares_memory(seen[0], exact.image_rgb)
    perceiver.perceive([exact, exact], [command("the red car")])
    assert not np.shares_memory(seen[1], exact.image_rgb)
    message = np.frombuffer(exact.image_rgb.tobytes(), np.uint8).reshape(exact.image_rgb.shape)
    perceiver.perceive([Frame("front", message, 1)], [command("the red car")])
    assert seen[2].flags.writeable


def test_engines_that_shrink_camera_images_take_none_of_another_aspect(
    perceiver: Perceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(perceiver.backend), "camera_size_px", (1280, 720))
    for size in ((1280, 720), (640, 360), (1920, 1080), (1281, 721)):
        assert perceiver.working_size(size) == (1280, 720)
    for size in ((640, 480), (1600, 1200), (720, 1280)):
        with pytest.raises(ImageError, match="tensorrt_camera_size"):
            perceiver.working_size(size)


def test_answers_follow_the_commands_from_frame_to_frame(perceiver: Perceiver) -> None:
    red, blue, white = command("the red car"), command("the blue car"), command("the white van")
    for asked in ([red], [red, blue], [blue, red], [blue, red], [white], [red]):
        answers = perceiver.perceive([frame()], asked)
        assert [answer.command.id for answer in answers] == [each.id for each in asked]
        for answer in answers:
            assert same(answer, perceiver.perceive([frame()], [answer.command])[0])


def test_masks_at_the_networks_size_keep_the_images_aspect() -> None:
    backend = registry.load("onnx", tiny_bundle.open_bundle(), threads=1)
    small = Perceiver(
        backend, tiny_bundle.load_text_encoder(), tiny_bundle.INPUT_SIZE_PX, THRESHOLDS, mask_size="network"
    )
    (answer,) = small.perceive([frame(size=(640, 360))], [command("the red car")])
    assert answer.object.mask.shape == (54, 96)
    x, y = answer.object.peak_xy
    assert answer.object.mask[y, x]


def test_text_is_encoded_once(perceiver: Perceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    features = perceiver.encode(command("the red car"))
    monkeypatch.setattr(type(perceiver._encoder), "encode", lambda self, text: pytest.fail("encoded again"))
    assert perceiver.encode(command("the red car", id_="another")) is features
    perceiver.perceive([frame()], [command("the red car")])


def test_two_alike_are_two_candidates_and_a_speck_is_none(perceiver: Perceiver) -> None:
    two = Frame("front", picture(SIZE, (RED, (16, 16, 48, 48)), (RED, (112, 64, 48, 48))), 1)
    speck = Frame("front", picture(SIZE, (RED, (16, 16, 48, 48)), (RED, (112, 64, 10, 10))), 1)
    assert perceiver.perceive([two], [command("the red car")])[0].candidates == 2
    assert perceiver.perceive([speck], [command("the red car")])[0].candidates == 1


class _Broken:
    """A backend whose arithmetic overflowed."""

    name, precision, device, fixed_size_px = "broken", "fp16", "nowhere", None
    camera_size_px = None

    def see(self, images_rgb: np.ndarray) -> VisionFeatures:
        return VisionFeatures({}, len(images_rgb))

    def ground(self, features: VisionFeatures, text: TextBatch) -> GroundOutput:
        maps = np.full((len(text.camera_index), 16, 24), np.nan, np.float32)
        return GroundOutput(maps, maps, np.zeros(len(maps), np.float32))


def test_values_that_are_no_numbers_are_an_error_and_not_an_empty_mask() -> None:
    perceiver = Perceiver(
        _Broken(),  # type: ignore[arg-type]
        tiny_bundle.load_text_encoder(),
        tiny_bundle.INPUT_SIZE_PX,
        THRESHOLDS,
    )
    with pytest.raises(BackendError, match="no numbers"):
        perceiver.perceive([frame()], [command("the red car")])


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_thresholds_lie_strictly_between_0_and_1(value: float) -> None:
    with pytest.raises(ConfigError, match="existence threshold"):
        Thresholds(0.5, 0.5, value)
