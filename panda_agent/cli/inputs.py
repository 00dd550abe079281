"""What the user typed, checked before any work is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from panda_agent.errors import UserError
from panda_agent.types import Label, Zone
from panda_agent.video.source import list_videos, shown

MAX_ZONES_BYTES = 1_000_000


def videos_of(places: Iterable[Path]) -> list[Path]:
    """The videos that are named, and those of folders that are named; each once.

    Raises:
        UserError: A place is not there, or a folder holds no video.
    """
    found = [video for place in existing(places) for video in (list_videos(place) if place.is_dir() else [place])]
    return list(dict.fromkeys(found))


def existing(places: Iterable[Path]) -> list[Path]:
    """The places, once it is certain that they are there.

    Raises:
        UserError: One is not.
    """
    listed = list(places)
    for place in listed:
        try:
            there = place.exists()
        except (OSError, ValueError) as error:  # name too long, NUL in the name, no permission
            raise UserError(f"{shown(place)} can't be opened: {error}.", hint="Check the path.") from error
        if not there:
            raise UserError(f"There is no file or folder {shown(place)}.", hint="Check the path.")
    return listed


def recording_of(path: Path | None) -> str | None:
    """The absolute path of --recording.

    Raises:
        UserError: There is no such file.
    """
    return None if path is None else str(existing([path])[0].absolute())


def labels_of(text: str | None) -> frozenset[str]:
    """The labels of --fail-on, separated by commas.

    Raises:
        UserError: One is no label.
    """
    labels = frozenset(part.strip() for part in (text or "").split(",") if part.strip())
    wrong = sorted(labels - set(get_args(Label)))
    if wrong:
        raise UserError(f"--fail-on knows no label {wrong[0]!r}.", hint=f"Labels are {', '.join(get_args(Label))}.")
    return labels


def moment_of(text: str | None) -> str | None:
    """The ISO time of --started-at.

    Raises:
        UserError: It is none, or has no time of day, which is what rules ask for.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"--started-at {text!r} is no ISO time.", hint="Write it as 2026-11-25T22:30:00.") from error
    if len(text) <= len("2026-11-25"):
        raise UserError(f"--started-at {text!r} has no time of day.", hint="Write it as 2026-11-25T22:30:00.")
    return moment.isoformat()


def zones_of(path: Path | None) -> tuple[Zone, ...]:
    """The zones of a YAML or JSON file: a list of {name, type, points, direction}.

    Raises:
        UserError: The file is not there, or something in it is wrong; the sentence says which zone and why.
    """
    if path is None:
        return ()
    tree = _parsed(path)
    if not isinstance(tree, list):
        raise UserError(f"{shown(path)} must be a list of zones.", hint="Each with name, type and points.")
    try:
        zones = TypeAdapter(tuple[Zone, ...]).validate_python(tree)
    except ValidationError as error:
        raise UserError(f"{shown(path)}: {_first(error, tree)}.", hint="Points are [x, y] from 0 to 1.") from error
    names = [zone.name for zone in zones]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{shown(path)} names two zones {twice!r}.", hint="Give each a name of its own.")
    return zones


def _parsed(path: Path) -> Any:
    import yaml  # only now: most cases have no zones

    try:
        if path.stat().st_size > MAX_ZONES_BYTES:
            raise UserError(f"{shown(path)} is larger than {MAX_ZONES_BYTES // 1_000_000} MB.")
        text = path.read_text("utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise UserError(
            f"The zones file {shown(path)} can't be read: {error.strerror}.", hint="Check the path."
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{shown(path)} is no YAML or JSON: {_fault(error)}.") from error


def _fault(error: Exception) -> str:
    """What a parser stumbled over, in one line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    text = str(error) if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
    return " ".join(text.split())


def _first(error: ValidationError, tree: Sequence[Any]) -> str:
    """The first thing that is wrong, with the zone it is wrong in."""
    first = error.errors()[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    match first["loc"]:
        case (int(i), *rest):
            zone = tree[i].get("name") if isinstance(tree[i], dict) else None
            where = " ".join([f"zone {i + 1}", *([repr(zone)] if zone else []), *(str(part) for part in rest)])
            return f"{where}: {message}"
    return message
