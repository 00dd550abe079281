"""Pictures of a clip made better: kept as evidence, with a measure of whether that helped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from pydantic import Field, JsonValue

from panda_agent.errors import ToolError
from panda_agent.perception import mending
from panda_agent.perception import picture_quality as quality
from panda_agent.perception.enlarging import Network, enlarged, network_in
from panda_agent.perception.mending import Gain
from panda_agent.perception.observation import Observation
from panda_agent.perception.parts import part_of
from panda_agent.perception.picture_quality import Picture
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.tools.clip_pictures import MEDIA
from panda_agent.tools.look_again import brighten
from panda_agent.types import Region, TimeSpan
from panda_agent.video import Frame

Operation = Literal["denoise", "deblur", "brighten", "zoom", "super_resolve"]

RATE = 10.0
"""Pictures a second among which the moments are found."""
WORK_SIDE = 1280
"""Longer side of a picture that is worked on, pixels."""
SMALL_SIDE = 480
"""The same before super resolution, which makes it up to four times as large."""
MOST_ZOOM = 8.0
PLAIN_SCALE = 4
"""Factor of enlarging without a network."""
SEEN_MORE = 1.0
"""Grey levels of detail beyond plain enlarging that can be seen."""
STRAYS = 6.0
"""Grey levels by which a super-resolved picture may contradict the recorded one."""
WORDS: dict[Operation, str] = {
    "denoise": "Denoising",
    "deblur": "Deblurring",
    "brighten": "Brightening",
    "zoom": "Zooming in",
    "super_resolve": "Super resolution",
}
DETAIL = "detail beyond plain enlarging", "grey levels"


class EnhanceInput(ToolInput):
    """What is to be made better."""

    operation: Operation = "brighten"
    frames: int = Field(default=3, ge=1, le=8)
    """How many pictures of the clip, evenly spread."""


class _Made(NamedTuple):
    image: Picture
    gain: Gain
    method: str


class _Shot(NamedTuple):
    """What is left of a picture once it is kept."""

    time: float
    name: str | None
    gain: Gain
    method: str


class Enhance:
    """Makes new pictures of a clip, or of the region in doubt, and says whether they show more than the old ones."""

    spec = ToolSpec(
        name="enhance",
        about="Makes better pictures of a clip (denoise, deblur, brighten, zoom, super_resolve) and measures "
        "whether that helped.",
        family="video",
        stage="on request",
        input=EnhanceInput,
        makes={"enhanced": ("operation", "method", "measure", "before", "after", "helped", "why", "frames")},
        cost="slow",
        settings=("perception.max_side",),
        parallel_safe=True,
        aliases=(
            "image enhancement",
            "image denoise",
            "image deblur",
            "deblur",
            "deblurring",
            "sharpen",
            "brightness",
            "brightness enhance",
            "low light",
            "super resolution",
            "super_resolve",
            "upscale",
        ),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row for the call; none where the clip holds no picture.

        Raises:
            ToolError: There is no clip; there is no region to zoom into; the network of the weights can't be used.
        """
        wish = scope.input if isinstance(scope.input, EnhanceInput) else EnhanceInput()
        scope.check()
        if scope.span is None:
            raise ToolError("enhance works on one clip, and none was given.")
        make = _maker(wish.operation, scope)
        shots = [_shot(time, make(image), scope) for time, image in _pictures(scope, scope.span, wish)]
        if shots:
            yield _row(wish.operation, shots, scope.region)


def _maker(operation: Operation, scope: Scope) -> Callable[[Picture], _Made]:
    if operation == "denoise":
        return lambda image: _mended(
            image, mending.denoise(image, scope.check), mending.denoising_gain, "non-local means"
        )
    if operation == "deblur":
        return lambda image: _mended(image, mending.deblur(image), mending.deblurring_gain, "unsharp mask")
    if operation == "brighten":
        return lambda image: _mended(image, brighten(image), mending.brightening_gain, "local equalisation (CLAHE)")
    if operation == "zoom":
        return lambda image: _zoomed(image, scope)
    found = network_in(scope.settings.weights)
    network = None if found is None else Network(found)
    return lambda image: _super_resolved(image, network, scope)


def _mended(image: Picture, mended: Picture, gain: Callable[[Picture, Picture], Gain], method: str) -> _Made:
    return _Made(mended, gain(image, mended), method)


def _zoomed(image: Picture, scope: Scope) -> _Made:
    """Enlarge the region; what it shows beyond the first look is what that left out when it reduced the picture."""
    if scope.region is None:
        raise ToolError("zoom needs a part of the picture, and none was given.", hint="Name a region.")
    info = scope.reader.info
    scale = min(MOST_ZOOM, max(1.0, min(WORK_SIDE, max(info.width, info.height)) / max(image.shape[:2])))
    large = enlarged(image, scale, cv2.INTER_LANCZOS4)
    reduced = min(1.0, scope.settings.perception.max_side / max(info.width, info.height))
    small = quality.luma_of(enlarged(image, reduced, cv2.INTER_AREA))
    beyond = quality.detail(quality.luma_of(large), small).beyond if reduced < 1 else 0.0
    why = "the first look saw a smaller picture" if reduced < 1 else "the first look saw all that was recorded"
    return _Made(large, Gain(*DETAIL, 0.0, beyond, beyond >= SEEN_MORE, why), f"Lanczos ×{scale:.2g}")


def _super_resolved(image: Picture, network: Network | None, scope: Scope) -> _Made:
    if network is None:
        gain = Gain(*DETAIL, 0.0, 0.0, False, "plain enlarging adds none")
        return _Made(enlarged(image, PLAIN_SCALE), gain, f"bicubic ×{PLAIN_SCALE}, as there are no weights for more")
    large = network(image, scope.check)
    found = quality.detail(quality.luma_of(large), quality.luma_of(image))
    helped = found.beyond >= SEEN_MORE and found.strays <= STRAYS
    why = f"a network's guess; it strays by {found.strays:.1f} grey levels from what was recorded"
    method = f"{network.path.stem} ×{large.shape[0] // image.shape[0]}"
    return _Made(large, Gain(*DETAIL, 0.0, found.beyond, helped, why), method)


def _pictures(scope: Scope, span: TimeSpan, wish: EnhanceInput) -> Iterator[tuple[float, Picture]]:
    """(seconds, picture) at evenly spread moments: the first at or after each, the last picture for what is left."""
    moments = [span.start + span.duration * (i + 0.5) / wish.frames for i in range(wish.frames)]
    side = SMALL_SIDE if wish.operation == "super_resolve" else WORK_SIDE
    last = None
    # A part is cut from the full picture, so that nothing of it is lost.
    for frame in scope.reader.frames(span=span, max_fps=RATE, max_side=None if scope.region else side):
        scope.check()
        last = frame
        if moments and frame.time >= moments[0]:
            moments = [moment for moment in moments if moment > frame.time]
            last = None
            yield frame.time, _fit(frame, scope.region, side)
    if last is not None and moments:
        yield last.time, _fit(last, scope.region, side)


def _fit(frame: Frame, part: Region | None, side: int) -> Picture:
    image = frame.image if part is None else part_of(frame.image, part)
    scale = side / max(image.shape[:2])
    return image if scale >= 1 else enlarged(image, scale, cv2.INTER_AREA)


def kept(folder: Path | None, image: Picture) -> str | None:
    """Keep a picture with the case; returns its name relative to the case folder."""
    if folder is None:
        return None
    _, packed = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    png = packed.tobytes()
    name = f"{MEDIA}/{hashlib.sha256(png).hexdigest()[:16]}.png"
    (folder / MEDIA).mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(png)
    return name


def _shot(time: float, made: _Made, scope: Scope) -> _Shot:
    return _Shot(round(time, 3), kept(scope.media, made.image), made.gain, made.method)


def _row(operation: Operation, shots: Sequence[_Shot], region: Region | None) -> Observation:
    """One row for all pictures: means, whether it helped most of them, and the picture in the middle to look at."""
    before, after = (
        round(float(np.mean([getattr(one.gain, side) for one in shots])), 3) for side in ("before", "after")
    )
    helped = 2 * sum(one.gain.helped for one in shots) > len(shots)
    typical = next(one for one in shots if one.gain.helped == helped)
    data: dict[str, JsonValue] = {
        "operation": operation,
        "method": typical.method,
        "measure": f"{typical.gain.measure}, {typical.gain.unit}",
        "before": round(before, 3),
        "after": round(after, 3),
        "helped": helped,
        "why": typical.gain.why,
        "frames": [[one.time, one.name] for one in shots],
    }
    return Observation(
        "enhanced",
        TimeSpan(start=shots[0].time, end=shots[-1].time),
        f"{WORDS[operation]} ({typical.method}) {'helped' if helped else 'did not help'}: {typical.gain.measure} "
        f"went from {before:.2f} to {after:.2f} {typical.gain.unit}; {typical.gain.why}.",
        data,
        region=region,
        media=shots[len(shots) // 2].name,
    )
