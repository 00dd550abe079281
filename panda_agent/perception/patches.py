"""The oddest places of a moment, as boxes: the height of a map, the next height away from it, and so on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.types import Region

AROUND = 1.0 / 12.0
"""Half the side of a patch, share of the picture's longer side."""
MOST = 5
"""Patches of a moment: more than one thing may be odd, and the oddest is not always what is wrong."""
HZ = 5.0
"""Moments a second whose patches are kept."""

Patches = NDArray[np.float32]
"""(n, 6): seconds; x0, y0, x1, y1 in shares of the picture; value of the map at the middle."""


def patches_of(time: float, odd: NDArray[np.floating], aspect: tuple[float, float]) -> Patches:
    """The heights of a map, those apart from one another, highest first.

    Args:
        time: Seconds.
        odd: (rows, columns) over the picture, 0 where there is nothing.
        aspect: Longer side of the picture over (width, height).
    """
    left, (rows, columns) = np.array(odd, np.float32), odd.shape
    reach = AROUND * aspect[0], AROUND * aspect[1]
    found = []
    for _ in range(MOST):
        top = int(left.argmax())
        row, column = divmod(top, columns)
        if left[row, column] <= 0:
            break
        x, y = (column + 0.5) / columns, (row + 0.5) / rows
        box = Region.of_pixels((x - reach[0], y - reach[1], x + reach[0], y + reach[1]), 1, 1)
        found.append((time, box.x0, box.y0, box.x1, box.y1, left[row, column]))
        left[_within(box.y0, box.y1, rows), _within(box.x0, box.x1, columns)] = 0
    return np.array(found, np.float32).reshape(-1, 6)


def _within(low: float, high: float, count: int) -> slice:
    return slice(int(low * count), int(np.ceil(high * count)))


def told(patches: Patches) -> list[JsonValue]:
    """Patches as `data["patches"]`: [[seconds, x0, y0, x1, y1, value], …]."""
    return [[round(float(v), 3) for v in row] for row in patches.tolist()]
