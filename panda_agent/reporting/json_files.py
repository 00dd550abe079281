"""The JSON files of a case: the same verdict always gives the same bytes, and no reader ever sees half a file."""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from panda_agent.errors import PandaError, UserError
from panda_agent.types import Verdict

DIGITS = 6
"""Decimal places that a number keeps."""


def verdict_bytes(v: Verdict) -> bytes:
    """Encode a verdict; equal verdicts give equal bytes, on any machine.

    Raises:
        PandaError: A number is NaN or infinite.
    """
    return json_bytes(v.model_dump(mode="python"))


def json_bytes(value: Any) -> bytes:
    """Encode plain data as UTF-8 JSON: sorted keys, floats to 6 digits, one line feed at the end.

    Raises:
        PandaError: A number is NaN or infinite; JSON has neither.
    """
    text = json.dumps(_canonical(value, "$"), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    # A file name that is no UTF-8 reaches us with lone surrogates; "\udcff" is their legal JSON spelling.
    return (text + "\n").encode("utf-8", "backslashreplace")


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whenever the process dies."""

    def fill(part: Path) -> None:
        with part.open("xb") as file:
            file.write(data)

    replace_atomic(path, fill)


def replace_atomic(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a temporary file beside `path`, flush it to the disk, then rename it.

    Raises:
        UserError: The folder can't be made or written.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fill(part)
            _flush(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{path.name} can't be written to {path.parent}: {reason}.", hint="Choose another folder with --out."
        ) from error


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _canonical(value: Any, where: str) -> Any:
    match value:
        case float():
            return _rounded(value, where)
        case Mapping():
            return {str(key): _canonical(item, f"{where}.{key}") for key, item in value.items()}
        case str():
            return value
        case Sequence():
            return [_canonical(item, f"{where}[{i}]") for i, item in enumerate(value)]
        case _:
            return value


def _rounded(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise PandaError(f"{where} is {value}, which is no number that JSON can hold.", hint="Please report this.")
    return round(value, DIGITS) + 0.0  # -0.0 + 0.0 is 0.0
