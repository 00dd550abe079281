"""What is told of each named object: all that is told of a motion track, what it is, and how odd that is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar, NamedTuple

from pydantic import JsonValue

from panda_agent.perception.attributes import MAKES as TRACK_MAKES
from panda_agent.perception.attributes import Attributes
from panda_agent.perception.object_tracks import ObjectTrack
from panda_agent.perception.observation import Observation
from panda_agent.perception.paths import Path
from panda_agent.perception.place_norms import passages

KEPT = 4096
"""Tracks whose votes are remembered."""
NAMED = ("class", "class_share", "confidence", "peers", "alike")
"""Fields that a detector adds."""


class Named(NamedTuple):
    """What an object is."""

    name: str
    share: float
    """Part of its summed confidence that votes for the name."""
    confidence: float
    """Mean over the pictures it was seen in."""


class Objects(Attributes):
    """Kinds `object` and `object_stop`: the attributes of tracks, computed on the tracks of a detector.

    `class` is what most of its summed confidence votes for and `class_share` that part, 0..1; `confidence` is the mean
    over the pictures it was seen in. `peers` counts others that went through the same places, and `alike` is the share
    of them that are of the same class: a truck where only people walk has 0.

    Args:
        names: Class names by index, of the detector.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "object": (*TRACK_MAKES["track"], *NAMED),
        "object_stop": (*TRACK_MAKES["stop"], *NAMED),
    }

    def __init__(self, names: Mapping[int, str]) -> None:
        super().__init__(rate=0.0)
        self._names = names
        self._votes: dict[int, dict[int, float]] = {}
        self._known: dict[str, Named] = {}

    def remember(self, tracks: Iterable[ObjectTrack]) -> None:
        """Keep the votes of tracks that ended lately: an object is learnt a few seconds later."""
        self._votes |= {track.id: track.votes for track in tracks}
        for track in list(self._votes)[:-KEPT]:
            del self._votes[track]

    def learn(self, path: Path) -> None:
        """Remember of an object where it went and what it is."""
        super().learn(path)
        votes: dict[int, float] = defaultdict(float)
        for track in path.tracks:
            for index, confidence in self._votes[track].items():
                votes[index] += confidence
        # Of two with as many votes, the lower index: the order in which they came must not matter.
        best = min(votes, key=lambda index: (-votes[index], index))
        total = sum(votes.values())
        self._known[self.owner_of(path)] = Named(self._names[best], votes[best] / total, total / len(path.time))

    def rows_of(self, path: Path) -> list[Observation]:
        """What is reported of one object."""
        named = self._known[self.owner_of(path)]
        peers, alike = self._peers(path, named.name)
        data: dict[str, JsonValue] = {
            "class": named.name,
            "class_share": round(named.share, 3),
            "confidence": round(named.confidence, 3),
            "peers": peers,
            "alike": round(alike, 3),
        }
        return [_named(row, data) for row in super().rows_of(path)]

    def _peers(self, path: Path, name: str) -> tuple[int, float]:
        """How many others went through the same places, and which share of them is of that class."""
        own = self.owner_of(path)
        owners = {other.owner for cell, _ in passages(path, own) for other in self.norms.others(cell, own)}
        same = sum(self._known[owner].name == name for owner in owners)
        return len(owners), same / len(owners) if owners else 0.0


def _named(row: Observation, named: dict[str, JsonValue]) -> Observation:
    kind = {"track": "object", "stop": "object_stop"}[row.kind]
    statement = row.statement.replace("object", str(named["class"]), 1)
    if isinstance(named["peers"], int) and named["peers"] and named["alike"] == 0:
        statement += f"; none of {named['peers']} others that went through the same places is one"
    return replace(row, kind=kind, statement=statement, data={**row.data, **named}, family="detector")
