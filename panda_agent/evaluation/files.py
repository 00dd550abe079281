"""Files of a run folder: the same numbers give the same bytes, and no reader sees half a file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panda_agent.errors import UserError

DIGITS = 9


def dump(value: Any) -> bytes:
    """JSON with sorted keys and numbers to nine digits; what is undefined is null."""
    return (json.dumps(plain(value), sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def plain(value: Any) -> Any:
    """The same with numbers rounded, NaN as None, and tuples as lists."""
    if isinstance(value, float):
        return round(float(value), DIGITS) + 0.0 if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def write(path: Path, data: bytes) -> None:
    """Write a file in one rename.

    Raises:
        UserError: The folder can't be written.
    """
    scratch = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(data)
        os.replace(scratch, path)
    except OSError as error:
        raise UserError(f"{path} can't be written: {error.strerror}.", hint="Choose another --out.") from error
