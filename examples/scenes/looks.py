"""What people look like: builds and clothes, picked at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from examples.scenes.drawing import Colour

_SKIN: Sequence[Colour] = ((232, 196, 170), (214, 170, 138), (186, 136, 102), (142, 98, 70), (98, 66, 48))
_HAIR: Sequence[Colour] = ((34, 28, 26), (62, 44, 32), (104, 74, 46), (158, 124, 78), (120, 118, 116), (24, 24, 28))
_TOPS: Sequence[Colour] = (
    (44, 48, 58), (28, 30, 34), (92, 96, 104), (150, 150, 146), (184, 182, 176), (52, 72, 108), (96, 40, 42),
    (60, 84, 62), (120, 98, 70), (150, 64, 48), (168, 144, 102), (74, 58, 84), (158, 48, 54), (62, 102, 136),
    (172, 148, 58),
)  # fmt: skip
_LEGS: Sequence[Colour] = (
    (38, 44, 62), (56, 68, 96), (30, 30, 34), (74, 72, 70), (122, 110, 90), (84, 98, 122), (58, 50, 44),
)  # fmt: skip
_BAGS: Sequence[Colour] = ((34, 34, 40), (72, 48, 34), (36, 52, 84), (126, 36, 40), (64, 76, 58), (150, 120, 74))


@dataclass(frozen=True)
class Look:
    """What one person looks like; heights in metres, colours in RGB."""

    height: float
    breadth: float
    top: Colour
    legs: Colour
    skin: Colour
    hair: Colour
    shoes: Colour
    short_sleeves: bool
    long_hair: bool
    coat: bool
    backpack: Colour | None
    arm_swing: float


def some_look(rng: np.random.Generator, sporty: bool = False) -> Look:
    """A person picked at random; `sporty` people run or ride and wear no coat."""
    grown = rng.random() > 0.06
    return Look(
        height=float(np.clip(rng.normal(1.72, 0.085), 1.52, 1.94)) if grown else float(rng.uniform(1.3, 1.5)),
        breadth=float(rng.uniform(0.9, 1.18)),
        top=_vary(rng, _TOPS),
        legs=_vary(rng, _LEGS),
        skin=_vary(rng, _SKIN, 6),
        hair=_vary(rng, _HAIR, 8),
        shoes=_vary(rng, ((30, 28, 28), (60, 50, 42), (170, 168, 164)), 10),
        short_sleeves=bool(rng.random() < (0.6 if sporty else 0.3)),
        long_hair=bool(rng.random() < 0.4),
        coat=bool(not sporty and rng.random() < 0.25),
        backpack=_vary(rng, _BAGS) if not sporty and rng.random() < 0.25 else None,
        arm_swing=float(rng.uniform(0.6, 1.2)),
    )


def bag_colour(rng: np.random.Generator) -> Colour:
    """The colour of a bag somebody carries."""
    return _vary(rng, _BAGS)


def _vary(rng: np.random.Generator, palette: Sequence[Colour], spread: float = 14) -> Colour:
    base = palette[int(rng.integers(len(palette)))]
    moved = np.clip(np.asarray(base) + rng.normal(0, spread / 3) + rng.normal(0, spread / 5, 3), 12, 244)
    return float(moved[0]), float(moved[1]), float(moved[2])
