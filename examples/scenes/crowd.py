"""Many people at once: a moment of all of them, and how they keep clear of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from examples.scenes.actor import Actor, Bag
from examples.scenes.camera import Array

_AHEAD = 2.5  # seconds
_PUSH, _MOST = 1.9, 1.3  # metres a second


class Moment(NamedTuple):
    """Everything that moves, at one moment."""

    time: float
    people: tuple[Actor, ...]
    """Copies: they stay as they were at that moment."""
    bags: tuple[Bag, ...]
    """Those on the ground."""


def pushes(actors: Sequence[Actor], still: Sequence[tuple[float, float, float]]) -> Array:
    """The velocity (n, 2) each actor is pushed aside with, m/s; `still` are things (x, y, radius) in the way.

    Each looks ahead to the closest approach to every other one (as in anticipatory collision avoidance, Karamouzas et
    al., Physical Review Letters 113, 2014) and sidesteps the more, the sooner and closer it is.
    """
    count, things = len(actors), np.array(still, dtype=np.float64).reshape(-1, 3)
    speed = np.array([[a.vx, a.vy] for a in actors])
    spots = np.concatenate([np.array([[a.x, a.y] for a in actors]), things[:, :2]])
    slide = speed[:, None] - np.concatenate([speed, np.zeros((len(things), 2))])[None]
    gap = spots[:count, None] - spots[None]
    when = np.clip(-(gap * slide).sum(-1) / np.maximum((slide**2).sum(-1), 1e-6), 0, _AHEAD)
    closest = gap + slide * when[..., None]
    far = np.linalg.norm(closest, axis=-1)
    force = np.clip(1 - far / _room(actors, things), 0, 1) * _PUSH / (0.55 + when) * _strangers(actors, len(things))
    pace = np.maximum(np.linalg.norm(speed, axis=-1), 0.3)
    right = np.stack([speed[:, 1], -speed[:, 0]], -1) / pace[:, None]
    push = ((closest + 0.12 * right[:, None]) / np.maximum(far, 0.15)[..., None] * force[..., None]).sum(axis=1)
    return np.asarray(push * np.minimum(1.0, _MOST / np.maximum(np.linalg.norm(push, axis=-1), 1e-6))[:, None])


def _room(actors: Sequence[Actor], things: Array) -> Array:
    """Metres each actor keeps from each other one and thing; who wants to sit down may go near the bench."""
    room = np.array([a.room for a in actors])
    need = np.maximum(room[:, None], np.concatenate([room, things[:, 2]])[None]) + 0.1
    goals = np.linalg.norm(np.array([a.target for a in actors])[:, None] - things[None, :, :2], axis=-1)
    need[:, len(actors) :] = np.minimum(need[:, len(actors) :], np.maximum(goals * 0.8, 0.05))
    return np.asarray(need)


def _strangers(actors: Sequence[Actor], things: int) -> Array:
    """How much each minds each other one: not itself, and hardly those of its party."""
    party = np.array([a.party for a in actors])
    minds = np.where((party[:, None] == party[None]) & (party[:, None] >= 0), 0.15, 1.0)
    np.fill_diagonal(minds, 0.0)
    return np.concatenate([minds, np.ones((len(actors), things))], axis=1)
