"""Packs as files: those that ship, by name, and any other by its path."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from panda_agent.errors import UserError

MAX_BYTES = 2_000_000
"""Largest pack."""


def names_in(shipped: Traversable) -> list[str]:
    """The packs of a folder that ship, by name."""
    return sorted(entry.name.removesuffix(".yaml") for entry in shipped.iterdir() if entry.name.endswith(".yaml"))


def pack_bytes(name: str, shipped: Traversable, what: str) -> bytes:
    """Read a pack.

    Args:
        name: One that ships, or the path of a YAML file.
        shipped: The folder of those that ship.
        what: What sort of pack it is, for errors.

    Raises:
        UserError: There is none, or it is too large to be one.
    """
    if name in names_in(shipped):
        return (shipped / f"{name}.yaml").read_bytes()
    path = Path(name)
    if not path.is_file():
        known = ", ".join(names_in(shipped))
        raise UserError(f"There is no {what} {name!r}.", hint=f"Give the path of a YAML file, or one of: {known}.")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"The {what} {name!r} is larger than {MAX_BYTES // 1_000_000} MB.")
    return path.read_bytes()
