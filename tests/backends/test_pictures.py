"""Pictures as they are sent: within their limits, in order, and the same every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.backends.fitting import fitted, smaller
from panda_agent.backends.pictures import SMALLEST, contact_sheet, encode, room_for, thinned
from panda_agent.backends.protocol import Ask, Picture, Profile
from panda_agent.errors import Overflow, TooManyImages

NOISE = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)


def decoded(picture: Picture) -> np.ndarray:
    """As (h, w, 3) RGB."""
    return cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def row_of(count: int, width: int = 64, height: int = 48) -> list[Picture]:
    """Grey pictures with letters."""
    return [
        encode(np.full((height, width, 3), 60 + i, np.uint8), chr(ord("A") + i), float(i), side=768, most=100_000)
        for i in range(count)
    ]


def letters(pictures) -> str:
    return "".join(picture.letter for picture in pictures)


def test_an_8k_frame_is_reduced_and_keeps_its_shape_and_colours():
    frame = np.zeros((4320, 7680, 3), np.uint8)
    frame[:, :3840] = (250, 20, 20)
    picture = encode(frame, "B", 1.5, side=768, most=1_500_000)
    assert (picture.letter, picture.time, picture.width, picture.height) == ("B", 1.5, 768, 432)
    image = decoded(picture)
    assert image.shape == (432, 768, 3)
    assert np.abs(image[216, 100].astype(int) - (250, 20, 20)).max() < 12
    assert image[216, 700].max() < 12


@pytest.mark.parametrize("most", [1_500_000, 300_000, 100_000, 20_000, 1000])
@pytest.mark.parametrize("side", [64, 768, 1920])
def test_noise_that_does_not_compress_meets_both_limits(side, most):
    picture = encode(NOISE, "A", 0, side=side, most=most)
    assert len(picture.jpeg) <= most
    assert max(picture.width, picture.height) <= side
    assert decoded(picture).shape == (picture.height, picture.width, 3)


def test_what_is_within_the_limits_to_the_byte_is_left_as_it_is():
    whole = encode(NOISE[:480, :640], "A", 0, side=640, most=10_000_000)
    assert (whole.width, whole.height) == (640, 480)
    assert encode(NOISE[:480, :640], "A", 0, side=640, most=len(whole.jpeg)) == whole
    lighter = encode(NOISE[:480, :640], "A", 0, side=640, most=len(whole.jpeg) - 1)
    assert (lighter.width, len(lighter.jpeg) < len(whole.jpeg)) == (640, True)
    assert encode(NOISE[:480, :641], "A", 0, side=640, most=10_000_000).width == 640


@pytest.mark.parametrize("shape", [(1, 1), (1, 7680), (4320, 1), (2, 3), (63, 65)])
def test_a_tiny_frame_is_not_enlarged(shape):
    picture = encode(np.full((*shape, 3), 90, np.uint8), "A", 0, side=768, most=20_000)
    assert max(picture.width, picture.height) == min(768, max(shape))
    assert min(picture.width, picture.height) >= 1
    assert abs(int(decoded(picture).mean()) - 90) <= 2


def test_it_ends_where_nothing_is_small_enough():
    picture = encode(NOISE, "A", 0, side=768, most=1)
    assert max(picture.width, picture.height) <= SMALLEST


def test_a_part_of_a_frame_and_one_that_can_t_be_written_to_will_do():
    part = NOISE[100:400:2, 500:100:-1]
    part.flags.writeable = False
    assert (
        encode(part, "A", 0, side=768, most=10**6).jpeg
        == encode(np.ascontiguousarray(part), "A", 0, side=768, most=10**6).jpeg
    )


def test_the_same_picture_is_the_same_bytes_in_another_process_with_other_threads():
    code = (
        "import hashlib, cv2, numpy as np\n"
        "cv2.setNumThreads(1)\n"
        "from panda_agent.backends.pictures import contact_sheet, encode\n"
        "noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)\n"
        "one = encode(noise, 'A', 0, side=768, most=100_000)\n"
        "print(hashlib.sha256(one.jpeg + contact_sheet([one] * 5).jpeg).hexdigest())"
    )
    one = encode(NOISE, "A", 0, side=768, most=100_000)
    here = hashlib.sha256(one.jpeg + contact_sheet([one] * 5).jpeg).hexdigest()
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == here


@pytest.mark.parametrize(
    ("count", "keep", "left"),
    [
        (1, "", "D"),
        (1, "F", "F"),
        (2, "", "AH"),
        (2, "CE", "AH"),
        (3, "", "AEH"),
        (3, "C", "ACH"),
        (4, "BC", "ABCH"),
        (4, "", "ACFH"),
        (5, "G", "ACEGH"),
        (7, "", "ABCEFGH"),
        (8, "", "ABCDEFGH"),
        (26, "Q", "ABCDEFGH"),
    ],
)
def test_thinned_keeps_the_first_the_last_and_what_is_wanted(count, keep, left):
    assert letters(thinned(row_of(8), count, keep)) == left


def test_nothing_thinned_is_nothing():
    assert thinned([], 3) == ()


@given(st.integers(1, 26), st.integers(1, 30), st.sets(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
def test_thinned_is_in_order_and_as_many_as_may_be(have, count, keep):
    pictures = [Picture(letter=chr(ord("A") + i), jpeg=b"", width=1, height=1) for i in range(have)]
    left = letters(thinned(pictures, count, keep))
    assert len(left) == min(have, count)
    assert left == "".join(sorted(set(left)))
    assert count < 2 or (left[0], left[-1]) == ("A", pictures[-1].letter)
    wanted = keep & set(letters(pictures))
    assert wanted <= set(left) or len(wanted | {"A", pictures[-1].letter}) > count


SHEETS = [(1, 64, 48), (3, 64, 48), (26, 64, 48), (8, 768, 432), (26, 768, 432), (5, 300, 768)]


@pytest.mark.parametrize(("count", "width", "height"), SHEETS)
def test_the_letters_of_a_sheet_can_be_read(count, width, height):
    """Each tile has a white letter on black in its upper left corner, at least 9 pixels high, and no two are alike."""
    sheet = decoded(contact_sheet(row_of(count, width, height))).astype(int)
    columns = int(np.ceil(np.sqrt(count)))
    rows = int(np.ceil(count / columns))
    glyphs = []
    for i in range(count):
        y, x = (round(n) for n in (i // columns * sheet.shape[0] / rows, i % columns * sheet.shape[1] / columns))
        corner = sheet[y : y + sheet.shape[0] // rows // 2, x : x + sheet.shape[1] // columns // 2].min(axis=2)
        white = np.argwhere(corner > 170)
        top, left = white.min(axis=0)
        bottom, right = white.max(axis=0)
        assert bottom - top + 1 >= 9
        assert (corner[: bottom + 2, : right + 2] < 90).mean() > 0.2
        glyphs.append(
            cv2.resize((corner[top : bottom + 1, left : right + 1] > 128).astype(np.uint8), (8, 12)).tobytes()
        )
    assert len(set(glyphs)) == count


def test_a_sheet_has_the_name_and_the_moment_of_its_first_picture_and_a_bounded_size():
    sheet = contact_sheet(row_of(26, 768, 432)[3:])
    assert (sheet.letter, sheet.time) == ("D", 3.0)
    assert max(sheet.width, sheet.height) == 1536
    assert len(sheet.jpeg) <= 1_500_000


def profile(**known) -> Profile:
    return Profile(url="u", model="m", **known)


@pytest.mark.parametrize(
    ("known", "room"),
    [
        ({}, None),
        ({"max_images": 4}, 4),
        ({"max_images": 0}, 1),
        ({"context": 10_000, "image_tokens": 500}, 12),
        ({"context": 10_000, "image_tokens": 500, "max_images": 3}, 3),
        ({"context": 10_000}, 5),
        ({"context": 2000, "image_tokens": 500}, 1),
        ({"context": 10, "image_tokens": 500}, 1),
        ({"context": 10_000, "image_tokens": 500, "max_images": 20}, 12),
    ],
)
def test_room_is_what_four_fifths_of_the_context_leave_beside_text_and_reply(known, room):
    assert room_for(profile(**known), text=3000, reply=1000) == room


def test_a_request_is_made_to_fit():
    ask = Ask(purpose="x", system="s", text="t", pictures=tuple(row_of(8)))
    assert fitted(ask, profile()) is ask
    assert letters(fitted(ask, profile(max_images=3)).pictures) == "AEH"
    (sheet,) = fitted(ask, profile(max_images=1)).pictures
    assert (sheet.width, sheet.height) == (210, 162)
    assert letters(smaller(ask, Overflow("o")).pictures) == "ACFH"
    assert letters(smaller(ask, TooManyImages("t").with_(limit=2)).pictures) == "AH"
    assert len(smaller(ask, TooManyImages("t")).pictures) == 1
    assert smaller(ask.model_copy(update={"pictures": tuple(row_of(1))}), Overflow("o")) is None
