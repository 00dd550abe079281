from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from panda_agent.errors import VideoError
from panda_agent.reporting.blur import blurred, hide
from panda_agent.reporting.draw import ACCENT, Mark, draw_marks, fit, text_width, wrap
from panda_agent.reporting.facts import region_at
from panda_agent.reporting.media import Media, frames_at
from panda_agent.types import Region, Verdict
from panda_agent.video import Frame, VideoReader


def picture(jpeg: bytes) -> NDArray[np.uint8]:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def frame(time: float) -> Frame:
    return Frame(time, np.zeros((4, 4, 3), np.uint8))


def test_the_nearest_frame_is_taken() -> None:
    frames = [frame(t) for t in (0.0, 0.4, 1.0, 5.0)]
    found = list(frames_at(iter(frames), [0.1, 0.39, 0.8, 2.0, 9.0]))
    assert [one.time for one in found] == [0.0, 0.4, 1.0, 1.0, 5.0]


def test_reading_stops_at_the_last_moment_wanted() -> None:
    def endless() -> object:
        for i in range(100):
            assert i < 12, "read too far"
            yield frame(i / 10)

    assert [one.time for one in frames_at(endless(), [0.5, 1.1])] == [0.5, 1.1]


def test_every_cited_row_has_a_picture_with_its_box(calm: Verdict, square: Path) -> None:
    media = Media.collect(calm, square)
    shown = media.pictures[calm.evidence_rows[0].cite]
    image = picture(shown.jpeg)
    assert image.shape == (shown.height, shown.width, 3)
    assert shown.time == pytest.approx(1.45, abs=0.06)
    edge = image[round(0.5 * shown.height), round(0.1 * (shown.width - 1))].astype(int)
    assert np.abs(edge - ACCENT["normal"]).max() < 60


def test_pictures_are_the_same_each_time(calm: Verdict, square: Path) -> None:
    assert Media.collect(calm, square).pictures == Media.collect(calm, square).pictures


def test_real_frames_show_the_cart_in_its_box(cart: Verdict, ped2: Path) -> None:
    media = Media.collect(cart, ped2)
    assert {row.cite for row in cart.evidence_rows} < set(media.pictures)
    assert sum(key.startswith("moment@") for key in media.pictures) >= 3
    size = cart.evidence(kind="size")[0]
    region = region_at(size, media.pictures[size.cite].time)
    assert region is not None
    assert region.area < 0.1
    image = picture(media.pictures[size.cite].jpeg)
    h, w = image.shape[:2]
    inside = image[
        round(region.y0 * h) + 4 : round(region.y1 * h) - 4, round(region.x0 * w) + 4 : round(region.x1 * w) - 4
    ]
    assert inside.std() > 1.3 * image[: h // 4].std()  # the white cart, not the even ground


def test_a_path_is_followed_between_its_steps(cart: Verdict) -> None:
    row = cart.evidence_rows[0].model_copy(
        update={"data": {"path": [[0.0, 0.0, 0.2, 0.2, 0.4], [2.0, 0.4, 0.2, 0.6, 0.4]]}}
    )
    assert region_at(row, 1.0) == Region(x0=0.2, y0=0.2, x1=0.4, y1=0.4)
    assert region_at(row.model_copy(update={"data": {"path": "a/file.txt"}}), 1.0) == row.region


def test_a_video_that_is_gone_bad_is_a_video_error(calm: Verdict, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"not a video at all")
    with pytest.raises(VideoError):
        Media.collect(calm, tmp_path / "a.mp4")


def test_tags_do_not_cover_each_other() -> None:
    region = Region(x0=0.3, y0=0.3, x1=0.7, y1=0.7)
    one = draw_marks(np.zeros((200, 300, 3), np.uint8), [Mark(region, "E1", ACCENT["anomalous"])])
    two = draw_marks(np.zeros((200, 300, 3), np.uint8), [Mark(region, "E1", ACCENT["anomalous"])] * 2)
    assert np.count_nonzero(two.any(2)) > np.count_nonzero(one.any(2)) + 200


def test_pictures_fit() -> None:
    image = np.zeros((30, 60, 3), np.uint8)
    assert fit(image, 40).shape == (20, 40, 3)
    assert fit(image, 120).shape == (30, 60, 3)
    assert fit(image, 120, enlarge=True).shape == (60, 120, 3)


def test_text_is_wrapped_to_the_width() -> None:
    lines = wrap("Object 15 crosses at 2.4 body lengths/s; 95 % of others stay below 1.4. " * 3, 300, 16, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert text_width(lines[0], 16) <= 300


def test_what_moves_is_blurred_from_the_first_frame_to_the_last(square: Path) -> None:
    sharp = list(VideoReader(square).frames())
    soft = list(blurred(iter(sharp)))
    assert [one.time for one in soft] == [one.time for one in sharp]
    for before, after, i in zip(sharp, soft, range(30), strict=True):
        where = np.s_[48:82, 4 + 4 * i : 24 + 4 * i]
        assert (
            cv2.Laplacian(after.image[where], cv2.CV_64F).std()
            < 0.4 * cv2.Laplacian(before.image[where], cv2.CV_64F).std()
        )


def test_what_stands_still_far_away_is_kept(square: Path) -> None:
    sharp = list(VideoReader(square).frames())
    soft = list(blurred(iter(sharp)))
    assert np.array_equal(sharp[15].image[100:, :], soft[15].image[100:, :])


def test_evidence_is_blurred_where_nothing_moves(calm: Verdict) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    frames = [Frame(i / 10, noise) for i in range(10)]
    soft = list(blurred(iter(frames), calm.evidence_rows))
    assert soft[5].image[40:80, 20:70].std() < 0.5 * noise.std()
    assert np.array_equal(soft[5].image[:, 120:], noise[:, 120:])


def test_a_single_picture_is_blurred_whole() -> None:
    noise = np.random.default_rng(2).integers(0, 255, (120, 160, 3), np.uint8)
    (only,) = blurred(iter([Frame(0.0, noise)]))
    assert only.image.std() < 0.3 * noise.std()


def test_a_mosaic_can_not_be_undone() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (160, 160, 3), np.uint8)
    other = noise.copy()
    other[40:50, 40:50] = np.rot90(noise[40:50, 40:50])
    everything = [Region(x0=0, y0=0, x1=1, y1=1)]
    assert np.array_equal(hide(noise, everything), hide(other, everything))


def test_blurred_thumbnails_show_no_face(calm: Verdict, square: Path) -> None:
    sharp, soft = Media.collect(calm, square), Media.collect(calm, square, blur=True)
    assert soft.blurred
    assert set(soft.pictures) == set(sharp.pictures)
    for key, shown in soft.pictures.items():
        x = 12 + 4 * round(shown.time * 10)
        dot = np.s_[
            round(61 / 120 * shown.height) : round(63 / 120 * shown.height),
            round((x + 1) / 160 * shown.width) : round((x + 3) / 160 * shown.width),
        ]
        assert picture(sharp.pictures[key].jpeg)[dot].mean() < 60  # the dark dot on the bright square
        assert picture(shown.jpeg)[dot].mean() > 110
