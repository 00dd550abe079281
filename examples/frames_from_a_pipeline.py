"""Pictures from a pipeline of your own: anything that yields (seconds, RGB array) can be investigated.

    python -m examples.frames_from_a_pipeline [VIDEO]

The frames are kept in the case while they are read, so that second looks and a later `resume` can see them again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import av
import numpy as np
from numpy.typing import NDArray

from examples.sample import video_of
from panda_agent import Investigator


def pipeline(path: str) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Decode a video and cut off the lowest tenth, where the camera prints its clock."""
    with av.open(path) as container:
        for frame in container.decode(video=0):
            if frame.time is not None:
                picture = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                yield frame.time, picture[: picture.shape[0] * 9 // 10]


def main(arguments: Sequence[str]) -> None:
    verdict = Investigator().investigate(pipeline(video_of(arguments)))
    video = verdict.provenance["video"]
    assert isinstance(video, dict)
    print(f"{video['frames']} frames, {video['duration']} s")
    print(f"{verdict.label}: {verdict.headline}")
    for span in verdict.spans:
        for row in verdict.evidence(span=(span.start, span.end)):
            print(f"- {row.span}: {row.statement}")


if __name__ == "__main__":
    main(sys.argv[1:])
