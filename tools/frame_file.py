"""The file of a frame index: one line of JSON that says what it is, then vectors as little-endian float32.

It is a cache made from a video. Where anything in it does not match or is damaged, it counts as absent. It holds plain
numbers: reading it can't run anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panda_agent.types import TimeSpan


@dataclass
class Sampling:
    """The frames that are looked at at one rate; the choice of another rate may hold none of them."""

    covered: list[TimeSpan] = field(default_factory=list)
    """Stretches that were read to their end."""
    times: set[float] = field(default_factory=set)

    def holds(self, span: TimeSpan) -> bool:
        """Whether all of a stretch was read."""
        return any(one.start <= span.start and span.end <= one.end for one in self.covered)

    def cover(self, span: TimeSpan) -> None:
        """Note that a stretch was read."""
        self.covered = [one for one in self.covered if not (span.start <= one.start and one.end <= span.end)] + [span]


@dataclass
class Held:
    """What an index holds."""

    vectors: dict[float, NDArray[np.float32]] = field(default_factory=dict)
    """Unit vectors by seconds."""
    samplings: dict[float, Sampling] = field(default_factory=dict)
    """By frames a second."""


def save(path: Path, maker: Mapping[str, Any], held: Held) -> None:
    """Replace the file in one rename. One that can't be written costs time at the next question, not an answer.

    Args:
        path: The file; its folder is made.
        maker: What made the vectors, of what.
        held: What to keep.
    """
    times = sorted(held.vectors)
    rows = np.stack([held.vectors[time] for time in times]) if times else np.zeros((0, 0), np.float32)
    payload = rows.astype("<f4").tobytes()
    told = {**_facts(maker, times, rows.shape[1]), "samplings": _packed(held.samplings), "vectors": _hash(payload)}
    scratch = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(json.dumps({**told, "header": _hash(_text(told))}).encode() + b"\n" + payload)
        os.replace(scratch, path)


def load(path: Path, maker: Mapping[str, Any]) -> Held:
    """What the file holds; nothing where it is absent, damaged, or of another maker."""
    try:
        line, _, payload = path.read_bytes().partition(b"\n")
        told = json.loads(line)
        due = told.pop("header")
        times = [float(time) for time in told["times"]]
        facts = _facts(maker, times, int(told["dim"]))
        if due != _hash(_text(told)) or told["vectors"] != _hash(payload) or facts != {k: told[k] for k in facts}:
            return Held()
        rows = np.frombuffer(payload, "<f4").reshape(len(times), facts["dim"]).astype(np.float32)
        return Held(dict(zip(times, rows, strict=True)), _unpacked(told["samplings"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Held()


def _facts(maker: Mapping[str, Any], times: list[float], dim: int) -> dict[str, Any]:
    return {**maker, "dim": dim, "count": len(times), "times": times, "ids": _hash(_text(times))}


def _packed(samplings: Mapping[float, Sampling]) -> list[dict[str, Any]]:
    return [
        {"fps": fps, "covered": [[span.start, span.end] for span in one.covered], "times": sorted(one.times)}
        for fps, one in sorted(samplings.items())
    ]


def _unpacked(packed: list[dict[str, Any]]) -> dict[float, Sampling]:
    return {
        float(one["fps"]): Sampling([TimeSpan(start=a, end=b) for a, b in one["covered"]], set(one["times"]))
        for one in packed
    }


def _text(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
