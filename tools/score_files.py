"""Files of scores as other systems write them: .npy, .csv, .json and .jsonl, read with suspicion."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panda_agent.errors import UserError

FIELDS = ("score", "value", "prob", "anomaly_score")
"""Names under which rows give a score."""
MOST_BYTES = 256 << 20
"""Largest file that is read."""
EDGES = 1e-6
"""Shares of the picture by which a box may reach over its edges."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a file says, in its order; one row a frame, snippet, second or span."""

    values: Values
    """(n,)."""
    spans: Values | None
    """(n, 2): start and end, seconds; None where rows have none."""
    boxes: Values | None
    """(n, 4): x0, y0, x1, y1 in shares of the picture, not-a-number where a row has none; None without any."""


def read_scores(path: Path, *, spans: bool = False, where: Path | None = None) -> Scores:
    """Read a file of scores.

    Args:
        path: .npy holds (n,) scores, or (n, 3) start, end, score for spans. Rows of the others are numbers, or have
            names: one of `FIELDS`; `start` and `end` for spans; a `box` [x0, y0, x1, y1] or `x0` … `y1`, or a `mask`,
            rows of 0 and 1, where there is one. JSON may hold the rows as `scores` of an object.
        spans: Rows are about spans.
        where: .npy that says where in the picture each score was found: (n, 4) boxes, or (n, h, w) masks.

    Raises:
        UserError: It can't be read, or does not hold that.
    """
    rows = _rows(path)
    if isinstance(rows, np.ndarray):
        values, times, boxes = _columns(rows, path, 3 if spans else 1)
    else:
        values, times, boxes = _named(rows, path, spans)
    if not len(values):
        raise _bad(path, "holds no scores", "Check the file.")
    if not np.isfinite(values).all():
        raise _bad(path, "holds scores that are no numbers", "Mend the file.")
    if times is not None and not (
        np.isfinite(times).all() and (times[:, 0] >= 0).all() and (np.diff(times) >= 0).all()
    ):
        raise _bad(path, "holds spans that end before they start", "Give start and end in seconds.")
    if where is not None:
        boxes = _places(where, len(values))
    return Scores(values, times, boxes)


def _rows(path: Path) -> Any:
    readers: dict[str, Callable[[Path], Any]] = {
        ".npy": _array,
        ".csv": _table,
        ".json": lambda file: json.loads(file.read_text("utf-8-sig")),
        ".jsonl": lambda file: [json.loads(line) for line in file.read_text("utf-8-sig").splitlines() if line.strip()],
    }
    if path.suffix.lower() not in readers:
        raise _bad(path, "is no file of scores", f"Give one of {', '.join(readers)}.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES >> 20} MB")
        rows = readers[path.suffix.lower()](path)
    except (OSError, ValueError, EOFError, RecursionError, csv.Error) as error:
        raise _bad(path, f"can't be read: {error}", "Check the file.") from error
    return rows["scores"] if isinstance(rows, dict) and "scores" in rows else rows


def _array(path: Path, kinds: str = "fiu") -> NDArray[Any]:
    # Mapped, so that a header which promises more than the file holds is refused and fills no memory.
    # It knows neither pickles nor archives, whatever the file is called.
    array = np.lib.format.open_memmap(path, mode="r")
    if array.dtype.kind not in kinds:
        raise ValueError("it is no array of numbers")
    return array


def _table(path: Path) -> list[Any]:
    lines = path.read_text("utf-8-sig").splitlines()
    first = next(csv.reader(lines), [])
    if len(first) == 1 and _is_number(first[0]):
        return [float(line) for line in lines if line.strip()]
    return list(csv.DictReader(lines))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _columns(array: NDArray[Any], path: Path, width: int) -> tuple[Values, Values | None, None]:
    shape = " × ".join(map(str, array.shape))
    if array.ndim == 1 or array.shape[1:] == (1,):
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[1] != width:
        wanted = "one number a row" if width == 1 else "start, end and score a row"
        raise _bad(path, f"holds no scores but {shape} numbers", f"Give {wanted}.")
    table = np.asarray(array, np.float64)
    return table[:, -1], table[:, :2] if width == 3 else None, None


def _named(rows: Any, path: Path, spans: bool) -> tuple[Values, Values | None, Values | None]:
    try:
        values = np.array([_score(row) for row in rows], np.float64)
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise _bad(path, "holds no scores", f"Give numbers, or rows with one of: {', '.join(FIELDS)}.") from error
    try:
        times = np.array([[_number(row[name]) for name in ("start", "end")] for row in rows]) if spans else None
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise _bad(path, "holds no spans", "Give rows with start, end and score.") from error
    try:
        boxes = np.array([_box(row) for row in rows], np.float64).reshape(-1, 4)
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise _bad(
            path, "holds boxes or masks that are none", "Give x0, y0, x1, y1 in shares of the picture."
        ) from error
    return values, times, boxes if np.isfinite(boxes).any() else None


def _score(row: Any) -> float:
    if isinstance(row, dict):
        return _number(row[next((name for name in FIELDS if name in row), FIELDS[0])])
    return _number(row)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError("true and false are no numbers")
    return float(value)


def _box(row: Any) -> list[float]:
    if not isinstance(row, dict):
        return [math.nan] * 4
    if row.get("mask") is not None:
        return _around(np.array(row["mask"], np.float64))
    given = row.get("box") or [row.get(name) for name in ("x0", "y0", "x1", "y1")]
    if all(value in (None, "") for value in given):
        return [math.nan] * 4
    return _shares([_number(value) for value in given])


def _places(path: Path, count: int) -> Values:
    """Boxes from a file of boxes or masks."""
    try:
        array = _array(path, "fiub")  # masks are most often true and false
    except (OSError, ValueError, EOFError) as error:
        raise _bad(path, f"can't be read: {error}", "Give .npy of boxes or masks.") from error
    if array.ndim < 2 or len(array) != count or (array.shape[1:] != (4,) and array.ndim != 3):
        raise _bad(path, f"does not say where {count} scores lie", "Give .npy of (n, 4) boxes or (n, h, w) masks.")
    try:
        return np.array([_shares(row.tolist()) if array.ndim == 2 else _around(row) for row in array], np.float64)
    except ValueError as error:
        raise _bad(path, "holds boxes that are none", "Give x0, y0, x1, y1 in shares of the picture.") from error


def _shares(box: list[float]) -> list[float]:
    if len(box) == 4 and all(math.isnan(value) for value in box):
        return box
    x0, y0, x1, y1 = box
    if not (-EDGES <= x0 <= x1 <= 1 + EDGES and -EDGES <= y0 <= y1 <= 1 + EDGES):
        raise ValueError("a box lies in the picture")
    return [min(1.0, max(0.0, value)) for value in box]


def _around(mask: NDArray[Any]) -> list[float]:
    """The box around a mask (h, w), in shares of it; not-a-number where it is empty."""
    if mask.ndim != 2:
        raise ValueError("a mask has rows and columns")
    ys, xs = np.nonzero(mask > 0)
    if not len(xs):
        return [math.nan] * 4
    height, width = mask.shape
    return [xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height]


def _bad(path: Path, why: str, hint: str) -> UserError:
    return UserError(f"{path.name} {why}.", hint=hint)
