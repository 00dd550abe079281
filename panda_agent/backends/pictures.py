"""Pictures as they are sent: reduced, compressed until they fit, and always the same bytes for the same picture."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.backends.protocol import Picture, Profile

QUALITIES = (85, 70, 55, 40)
"""Of the JPEG, tried in this order until the picture is small enough."""
SHRINK = 0.75
"""Then the picture is reduced by this, as often as it takes."""
SMALLEST = 16
"""Longer side, pixels, below which a picture is not reduced any more, whatever it weighs."""
IMAGE_TOKENS = 1100
"""Tokens of one picture where the profile does not know: what a 768-pixel picture takes at most servers."""
SPARE = 0.8
"""Part of the context that is planned with."""
SHEET_SIDE = 1024
"""A sheet's longer side, pixels, that is left as it is; a larger one has at most twice the side of its pictures."""
SHEET_BYTES = 1_500_000
"""Largest sheet, bytes of JPEG."""
GAP = 6
"""Pixels between the pictures of a sheet."""


def encode(rgb: NDArray[np.uint8], letter: str, time: float, *, side: int, most: int) -> Picture:
    """Make a picture that can be sent.

    Args:
        rgb: (h, w, 3).
        letter: Its name.
        time: Seconds of the video.
        side: Longer side, pixels, at most.
        most: Bytes of JPEG, at most.
    """
    image = _reduced(rgb, side / max(rgb.shape[:2]))
    jpeg = _lightest(image, most)
    while len(jpeg) > most and max(image.shape[:2]) > SMALLEST:
        image = _reduced(image, SHRINK)
        jpeg = _lightest(image, most)
    height, width = image.shape[:2]
    return Picture(letter=letter, jpeg=jpeg, width=width, height=height, time=time)


def room_for(profile: Profile, text: int, reply: int) -> int | None:
    """How many pictures fit into the model's context beside the text.

    Args:
        profile: What is known of the model.
        text: Characters of the request.
        reply: Tokens of the reply, at most.

    Returns:
        None where nothing is known.
    """
    limits = [] if profile.max_images is None else [max(1, profile.max_images)]
    if profile.context is not None:
        left = profile.context * SPARE - reply - text / 3
        limits.append(max(1, int(left // (profile.image_tokens or IMAGE_TOKENS))))
    return min(limits, default=None)


def thinned(pictures: Sequence[Picture], count: int, keep: Collection[str] = ()) -> tuple[Picture, ...]:
    """At most `count` of some pictures, in order: the first and the last, those to keep, then evenly spread ones.

    Args:
        pictures: In order of time.
        count: How many, at least one.
        keep: Letters of pictures that should stay.
    """
    if len(pictures) <= count:
        return tuple(pictures)
    last = len(pictures) - 1
    wanted = [i for i, picture in enumerate(pictures) if picture.letter in keep]
    if count == 1:
        return (pictures[[*wanted, last // 2][0]],)
    even = [round(i * last / (count - 1)) for i in range(count)]
    order = dict.fromkeys([0, last, *wanted, *even])
    return tuple(pictures[i] for i in sorted(list(order)[:count]))


def contact_sheet(pictures: Sequence[Picture]) -> Picture:
    """All pictures in one, row by row, each with its letter burnt in: for people, and models that take one picture."""
    images = [_lettered(one) for one in pictures]
    columns = math.ceil(math.sqrt(len(images)))
    height, width = (max(image.shape[axis] for image in images) + GAP for axis in (0, 1))
    sheet = np.zeros((height * math.ceil(len(images) / columns), width * columns, 3), np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * height, i % columns * width
        sheet[y : y + image.shape[0], x : x + image.shape[1]] = image
    side = max(SHEET_SIDE, 2 * max(max(one.width, one.height) for one in pictures))
    rgb, first = np.ascontiguousarray(sheet[..., ::-1]), pictures[0]
    return encode(rgb, first.letter, first.time, side=side, most=SHEET_BYTES)


def _lettered(picture: Picture) -> NDArray[np.uint8]:
    bgr: Any = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    letter = picture.letter
    scale = max(0.5, min(bgr.shape[:2]) / 240)
    size, _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    cv2.rectangle(bgr, (0, 0), (size[0] + 8, size[1] + 8), (0, 0, 0), -1)
    cv2.putText(bgr, letter, (4, size[1] + 4), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 2, cv2.LINE_AA)
    return np.asarray(bgr, np.uint8)


def _reduced(image: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    if factor >= 1:
        return image
    height, width = (max(1, round(length * factor)) for length in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _lightest(rgb: NDArray[np.uint8], most: int) -> bytes:
    """The best JPEG that weighs no more, else the lightest."""
    jpeg = b""
    for quality in QUALITIES:
        jpeg = _jpeg(rgb, quality)
        if len(jpeg) <= most:
            break
    return jpeg


def _jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    _, packed = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return packed.tobytes()
