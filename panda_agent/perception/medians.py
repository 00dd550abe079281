"""Medians in a hurry: the same values as NumPy's, several times sooner where they are taken for every frame."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Gray = NDArray[np.uint8]


def median(values: ArrayLike) -> float:
    """Median of all values, at least one and none of them NaN; without the checks that make `np.median` slow."""
    flat = np.asarray(values).ravel()
    middle, odd = divmod(flat.size, 2)
    if odd:
        return float(np.partition(flat, middle)[middle])
    return float(np.partition(flat, (middle - 1, middle))[middle - 1 : middle + 1].mean())


def median_picture(stack: NDArray[np.uint8]) -> Gray:
    """Median over time of pictures (n, h, w), n up to 255, rounded down where two are in the middle."""
    count = len(stack)
    low, high = _nth_smallest(stack, (count - 1) // 2), _nth_smallest(stack, count // 2)
    return np.asarray((low.astype(np.uint16) + high) // 2, np.uint8)


def median_step(stack: Iterable[Gray]) -> float:
    """Median of all differences between neighbours of at least two pictures (h, w), grey levels."""
    steps = (cv2.absdiff(one, other) for one, other in pairwise(stack))
    counts = np.sum([np.bincount(step.ravel(), minlength=256) for step in steps], axis=0)
    upto, total = np.cumsum(counts), int(counts.sum())
    return float(np.searchsorted(upto, [(total + 1) // 2, total // 2 + 1]).mean())


def _nth_smallest(stack: NDArray[np.uint8], n: int) -> Gray:
    """The picture of n-th smallest values, counted from 0: each found bit by bit from the largest."""
    found = np.zeros(stack.shape[1:], np.uint8)
    for bit in (128, 64, 32, 16, 8, 4, 2, 1):
        raised = found | np.uint8(bit)
        below = (stack < raised).sum(axis=0, dtype=np.uint8)
        found = np.where(below <= n, raised, found)
    return found
