"""A tool of your own: it finds vivid red things that move, a kind of evidence that no shipped tool makes.

    python -m examples.custom_tool [VIDEO]

Rules can now speak of `red_thing`: examples/custom_rules.py uses a pack that does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from examples.sample import video_of
from panda_agent import Investigator
from panda_agent.perception.observation import Observation
from panda_agent.tools import Scope, ToolSpec
from panda_agent.types import EvidenceFound, Region, TimeSpan
from panda_agent.video import Frame


class FindRed:
    """Follows the largest vivid red patch; `travel` is how far it went, in picture widths."""

    spec = ToolSpec(
        name="find_red",
        about="Finds vivid red things.",
        family="colour",
        makes={"red_thing": ("seconds", "travel", "area")},
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one observation for each stretch in which something red is seen, with gaps of up to a second."""
        seen: list[tuple[float, Region]] = []
        for frame in scope.reader.frames(span=scope.span, max_fps=5, max_side=320):
            scope.check()  # lets a pause through
            region = largest_red(frame)
            if region is not None:
                seen.append((frame.time, region))
            elif seen and frame.time - seen[-1][0] > 1.0:
                yield from report(seen)
                seen = []
        yield from report(seen)


def largest_red(frame: Frame) -> Region | None:
    """Box of the largest vivid red patch; None where none covers 0.05 % of the picture."""
    hue, saturation, value = cv2.split(cv2.cvtColor(frame.image, cv2.COLOR_RGB2HSV))
    red = ((hue < 6) | (hue > 174)) & (saturation > 130) & (value > 90)
    patches = cv2.connectedComponentsWithStats(red.astype(np.uint8))[2].tolist()
    x, y, w, h, area = max(patches[1:], key=lambda patch: patch[4], default=(0, 0, 0, 0, 0))
    height, width = red.shape
    return Region.of_pixels((x, y, x + w, y + h), width, height) if area > 0.0005 * width * height else None


def report(seen: Sequence[tuple[float, Region]]) -> Iterator[Observation]:
    """Turn a stretch of a second or more into an observation: a plain sentence, and the numbers that rules test."""
    if not seen or seen[-1][0] - seen[0][0] < 1.0:
        return
    span, regions = TimeSpan(start=seen[0][0], end=seen[-1][0]), [region for _, region in seen]
    xs = [region.center[0] for region in regions]
    largest, travel = max(regions, key=lambda region: region.area), round(max(xs) - min(xs), 3)
    statement = f"Something red is seen for {span.duration:.1f} s and moves over {travel:.0%} of the width."
    data = {"seconds": round(span.duration, 2), "travel": travel, "area": round(largest.area, 4)}
    yield Observation(kind="red_thing", span=span, statement=statement, data={**data}, region=largest)


async def main(arguments: Sequence[str]) -> None:
    async for event in Investigator(tools=[FindRed()]).stream(video_of(arguments)):
        if isinstance(event, EvidenceFound) and event.evidence.kind == "red_thing":
            print(f"{event.evidence.cite} {event.evidence.span}: {event.evidence.statement}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
