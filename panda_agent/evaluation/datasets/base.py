"""What a data set is: a name, how its truth is read, and the counts by which a wrong copy is found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.evaluation.truth import VideoTruth


@dataclass(frozen=True)
class Counts:
    """What a right copy of a data set adds up to; None is not checked."""

    videos: int
    anomalous: int | None = None
    """Videos in which something happens."""
    frames: int | None = None
    anomalous_frames: int | None = None


@dataclass(frozen=True)
class Dataset:
    """A set of videos of which the truth is known."""

    name: str
    title: str
    place: str
    """The folder under PANDA_DATA; empty where the data lie elsewhere."""
    wanted: str
    """What has to lie in it: the end of a sentence."""
    read: Callable[[Path], list[VideoTruth]]
    """Reads that folder. Raises FileNotFoundError where a file is missing."""
    counts: Counts | None = None
    cite: str = ""

    def load(self, data: Path | None) -> list[VideoTruth]:
        """Read the truth, in the order of the set, and check that it is all there.

        Args:
            data: The folder of all data sets: PANDA_DATA.

        Raises:
            UserError: It is not there, or not what it should be.
        """
        if data is None and self.place:
            raise UserError(
                f"{self.title} lies in no folder that is known.",
                hint=f"Set PANDA_DATA to the folder over {self.place}/.",
            )
        try:
            truths = self.read((data or Path()) / self.place)
        except FileNotFoundError as error:
            raise UserError(
                f"{self.title} is not there: {error.filename or error} is missing.",
                hint=f"Put {self.wanted} into {(data or Path()) / self.place}.",
            ) from error
        if self.counts is not None:
            check(self.title, truths, self.counts)
        return truths


def check(title: str, truths: Sequence[VideoTruth], counts: Counts) -> None:
    """Compare what was read with what there should be.

    Raises:
        UserError: They differ.
    """
    pairs = (
        ("videos", len(truths), counts.videos),
        ("anomalous videos", sum(one.anomalous for one in truths), counts.anomalous),
        ("frames", sum(one.frames for one in truths), counts.frames),
        ("anomalous frames", sum(one.anomalous_frames for one in truths), counts.anomalous_frames),
    )
    wrong = [f"{found} {what} instead of {wanted}" for what, found, wanted in pairs if wanted not in (None, found)]
    if wrong:
        raise UserError(f"{title} is another copy than is known: {', '.join(wrong)}.", hint="Fetch its files anew.")
