"""XD-Violence (Wu et al., ECCV 2020): 800 test videos; the annotations name only those in which something happens."""

from __future__ import annotations

import re
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.lengths import TABLE, lengths, listed
from panda_agent.evaluation.truth import VideoTruth, joined

FPS = 24.0
ANNOTATIONS = "annotations.txt"
CODES = {
    "B1": "fighting",
    "B2": "shooting",
    "B4": "riot",
    "B5": "abuse",
    "B6": "car accident",
    "G": "explosion",
}


def read(folder: Path) -> list[VideoTruth]:
    """Read `annotations.txt`; which videos there are, and how long, is told by `frames.csv` or by the videos.

    Raises:
        FileNotFoundError: The annotations are not there.
        UserError: A line is no annotation, or is of a video that is not there.
    """
    spans = read_annotations(folder / ANNOTATIONS)
    names = listed(folder)
    unknown = sorted(set(spans) - set(names))
    if unknown:
        raise UserError(
            f"XD-Violence lacks {unknown[0]}, which is annotated.", hint=f"Add it to {TABLE}, or the video."
        )
    known = lengths(folder, names, FPS)
    return [
        VideoTruth(
            name, known[name].frames, known[name].fps, joined(spans.get(name, []), known[name].frames), kind(name)
        )
        for name in names
    ]


def read_annotations(path: Path) -> dict[str, list[tuple[int, int]]]:
    """Lines of a name and any number of pairs of frames, start inside and end outside; -1 pads some copies."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, *numbers = line.split() or [""]
        if not name:
            continue
        try:
            edges = [int(number) for number in numbers]
        except ValueError as error:
            raise UserError(
                f"{path} holds a line that is none of a video: {line[:80]!r}.", hint="Fetch it anew."
            ) from error
        pairs = zip(edges[::2], edges[1::2], strict=False)
        found[re.sub(r"\.mp4$", "", name)] = [(start, end) for start, end in pairs if start >= 0]
    return found


def kind(name: str) -> str | None:
    """The classes that the end of a name tells, joined by a comma; None for a normal video (`_label_A`)."""
    codes = re.search(r"_label_([A-Z0-9-]+)$", name)
    known = [CODES[code] for code in codes[1].split("-") if code in CODES] if codes else []
    return ", ".join(known) or None


XD_VIOLENCE = Dataset(
    name="xd-violence",
    title="XD-Violence",
    place="xd_violence",
    wanted="annotations.txt, and the test videos or frames.csv with a row name,frames for each of them,",
    read=read,
    counts=Counts(800, None, 2_335_801, 529_797),
    cite="Wu et al., ECCV 2020",
)
