"""Looks packed into five arrays: one by one, their many small arrays take several times what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.cells import NAMES, CellLook, Features


@dataclass(frozen=True, slots=True)
class PackedLooks:
    """Some looks in a row; n of them have m cells in all."""

    times: NDArray[np.float64]
    """(n,) seconds."""
    counts: NDArray[np.int64]
    """(n,) cells of each look."""
    shapes: NDArray[np.int64]
    """(n, 2) rows and columns of the grid."""
    features: Features
    """(m, 5)."""
    where: NDArray[np.int16]
    """(m, 2) row and column of each cell."""

    def __post_init__(self) -> None:
        if self.counts.sum() != len(self.features) or len(self.where) != len(self.features):
            raise ValueError("the counts don't add up")

    @classmethod
    def of(cls, looks: Sequence[CellLook]) -> PackedLooks:
        """Pack looks."""
        return cls(
            times=np.array([look.time for look in looks], np.float64),
            counts=np.array([len(look.features) for look in looks], np.int64),
            shapes=np.array([look.shape for look in looks], np.int64).reshape(-1, 2),
            features=np.concatenate([look.features for look in looks] or [np.zeros((0, len(NAMES)), np.float32)]),
            where=np.concatenate([look.where for look in looks] or [np.zeros((0, 2), np.int16)]),
        )

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[CellLook]:
        """The looks again; their arrays are views."""
        ends = np.cumsum(self.counts).tolist()
        rows = zip(self.times.tolist(), self.shapes.tolist(), self.counts.tolist(), ends, strict=True)
        for time, shape, n, end in rows:
            yield CellLook(time, self.features[end - n : end], self.where[end - n : end], (shape[0], shape[1]))
