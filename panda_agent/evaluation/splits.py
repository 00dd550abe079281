"""Which videos choices may be made by: `dev`, half of them and for ever the same; the others are `held`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

Split = Literal["dev", "held", "all"]
SPLITS: tuple[Split, ...] = ("dev", "held", "all")


class Named(Protocol):
    """Anything about one video."""

    @property
    def name(self) -> str:
        """The video's name."""
        ...


N = TypeVar("N", bound=Named)


def is_dev(name: str) -> bool:
    """Whether sha256 of a video's name is even."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 0


def part(videos: Sequence[N], split: Split) -> list[N]:
    """The videos of a split, in order."""
    return [one for one in videos if split == "all" or is_dev(one.name) == (split == "dev")]
