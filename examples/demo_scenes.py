"""Surveillance-like videos with exact truth, for demos, tests and measurements: four events, each with a normal twin.

    python -m examples.demo_scenes fall --seed 7 [--decoy] --out out/demo

writes `fall_0007.mp4` and its truth, `fall_0007.json`. Everything follows from scene, seed and decoy: the same three
give the same pixels. A twin plays in the same place among the same people as its event: a hurried walker instead of a
cyclist, a tied shoe instead of a fall, a bag that is taken again instead of one left behind, joggers with the stream
instead of a runner against it. How it is made: examples/scenes/.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from examples.scenes.backdrop import backdrop
from examples.scenes.crowd import Moment
from examples.scenes.picture import Painter
from examples.scenes.place import Place, some_place
from examples.scenes.sensor import Develop, Sensor, some_sensor
from examples.scenes.stories import STORIES, story_habits
from examples.scenes.street import Street, some_habits
from examples.scenes.truth import Happening, Truth, about, happening, stops

SCENES: tuple[str, ...] = tuple(STORIES)
"""The events."""

_STEADY = "threads=1:mbtree=0"  # else about one file in ten differs from the others by a few bytes (libx264 in PyAV 18)

__all__ = ["SCENES", "Happening", "Truth", "frames", "render", "truth"]


class _Staged(NamedTuple):
    """A video before a pixel of it is drawn."""

    place: Place
    sensor: Sensor
    moments: list[Moment]
    truth: Truth


def _random(scene: str, seed: int, part: str) -> np.random.Generator:
    """One stream of chance for each part of a video, so that an event and its twin share all but the heroes."""
    return np.random.default_rng([seed, *f"{scene}/{part}".encode()])


@lru_cache(maxsize=2)
def _stage(scene: str, seed: int, decoy: bool) -> _Staged:
    """Play a video's story through; kept, since asking for the truth and for the pictures needs the same play."""
    if scene not in STORIES:
        raise ValueError(f"there is no scene {scene!r}; choose one of {', '.join(SCENES)}")
    place = some_place(_random(scene, seed, "place"))
    sensor = some_sensor(_random(scene, seed, "sensor"), place.light.night, place.kind == "station")
    kind, fps, moments = _play(scene, seed, decoy, place)
    what = happening(kind, place, moments)
    known = Truth(
        scene=scene,
        seed=seed,
        decoy=decoy,
        label="normal" if decoy else "anomalous",
        events=() if decoy else (what,),
        normal=(*((what,) if decoy else ()), *stops(moments)),
        people=about(moments),
        place=place.kind,
        night=place.light.night,
        shake=sensor.shake > 0,
        fps=fps,
        width=place.camera.width,
        height=place.camera.height,
        duration=len(moments) / fps,
    )
    return _Staged(place, sensor, moments, known)


def _play(scene: str, seed: int, decoy: bool, place: Place) -> tuple[str, int, list[Moment]]:
    """What the heroes do (its type), the frame rate, and every moment."""
    rng, bag = _random(scene, seed, "video"), scene == "abandoned_bag"
    fps, seconds = int(rng.integers(12, 16)), float(rng.uniform(26 if bag else 20, 30))
    at = float(rng.uniform(7.0, 9.5 if bag else seconds - 8.0))
    rng = _random(scene, seed, "habits")
    habits = story_habits(scene, some_habits(rng), rng)
    street = Street(place, habits, _random(scene, seed, "crowd"))
    cast = STORIES[scene][decoy](place, habits, _random(scene, seed, "heroes"), at)
    street.extras, street.act = cast.heroes, cast.act
    return cast.kind, fps, street.run(fps, round(seconds * fps))


def truth(scene: str, seed: int, *, decoy: bool = False) -> Truth:
    """What happens in a video, without drawing it.

    Raises:
        ValueError: if there is no such scene.
    """
    return _stage(scene, seed, decoy).truth


def frames(scene: str, seed: int, *, decoy: bool = False) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """The pictures of a video as (seconds, RGB array (height, width, 3)).

    Raises:
        ValueError: if there is no such scene.
    """
    place, sensor, moments, _ = _stage(scene, seed, decoy)
    paint = Painter(place, backdrop(place, _random(scene, seed, "backdrop")), sensor.wind)
    develop = Develop(sensor, place.camera.width, place.camera.height, _random(scene, seed, "noise"))
    for moment in moments:
        yield moment.time, develop(paint(moment), moment.time)


def render(scene: str, seed: int, path: Path, *, decoy: bool = False) -> Truth:
    """Write a video as H.264 (mp4) and say what happens in it.

    Raises:
        ValueError: if there is no such scene.
    """
    known = truth(scene, seed, decoy=decoy)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(known.fps))
        stream.width, stream.height, stream.pix_fmt = known.width, known.height, "yuv420p"
        stream.options = {"crf": "25", "preset": "veryfast", "x264-params": _STEADY}
        for _, picture in frames(scene, seed, decoy=decoy):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return known


def main(arguments: Sequence[str] | None = None) -> None:
    """Render one video from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo_scenes", description="Render a surveillance-like video and its truth."
    )
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--decoy", action="store_true", help="the innocent twin of the event")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder for the video and its truth")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    name = f"{chosen.scene}{'_decoy' if chosen.decoy else ''}_{chosen.seed:04d}"
    known = render(chosen.scene, chosen.seed, chosen.out / f"{name}.mp4", decoy=chosen.decoy)
    (chosen.out / f"{name}.json").write_text(known.to_json() + "\n", encoding="utf-8")
    print(f"{chosen.out / name}.mp4: {known.label}, {known.duration:.1f} s, {known.width}x{known.height}")


if __name__ == "__main__":
    main()
