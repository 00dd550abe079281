"""UBnormal (Acsintoae et al., CVPR 2022): synthetic scenes; each abnormal video names the tracks that are abnormal."""

from __future__ import annotations

import re
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.lengths import lengths
from panda_agent.evaluation.truth import VideoTruth, joined

FPS = 30.0
LISTS = ("normal_test_video_names.txt", "abnormal_test_video_names.txt")


def read(folder: Path) -> list[VideoTruth]:
    """Read the lists of test videos and, of each abnormal one, `<name>_annotations/<name>_tracks.txt`.

    Raises:
        FileNotFoundError: A list, or the tracks of a video, are not there.
        UserError: Nothing says how long a video is, or a line is no track.
    """
    normal, abnormal = ([_bare(line) for line in _found(folder, name).read_text().split()] for name in LISTS)
    known = lengths(folder, [*normal, *abnormal], FPS)
    truths = [VideoTruth(name, known[name].frames, known[name].fps) for name in normal]
    for name in abnormal:
        length = known[name]
        spans = joined(tracks(_found(folder, f"{name}_tracks.txt")), length.frames)
        truths.append(VideoTruth(name, length.frames, length.fps, spans, "anomaly"))
    return truths


def tracks(path: Path) -> list[tuple[int, int]]:
    """Lines of object, first and last frame, counted from 0, the last inside; an object may come twice."""
    spans = []
    for line in path.read_text().splitlines():
        if line.strip():
            try:
                _, start, end = (float(part) for part in line.split(",")[:3])
            except ValueError as error:
                raise UserError(f"{path} holds a line that is no track: {line!r}.", hint="Fetch it anew.") from error
            spans.append((int(start), int(end) + 1))
    return spans


def _found(folder: Path, name: str) -> Path:
    paths = sorted(folder.rglob(name))
    if not paths:
        raise FileNotFoundError(2, "missing", str(folder / name))
    return paths[0]


def _bare(name: str) -> str:
    return re.sub(r"\.(mp4|avi)$", "", name.rsplit("/", 1)[-1])


UBNORMAL = Dataset(
    name="ubnormal",
    title="UBnormal",
    place="ubnormal",
    wanted="the lists normal_ and abnormal_test_video_names.txt, each *_tracks.txt, and the videos or frames.csv,",
    read=read,
    counts=Counts(211, 158),
    cite="Acsintoae et al., CVPR 2022",
)
