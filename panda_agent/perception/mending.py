"""Pictures mended: noise smoothed, edges steepened, dark parts lit; each with a measure of whether it helped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from panda_agent.perception import picture_quality as quality
from panda_agent.perception.picture_quality import Picture

STRIP = 128
"""Rows that are denoised at a time."""
TEMPLATE, SEARCH = 7, 21
"""Pixels: patches that are compared, and how far apart."""
NOISY = 3.0
"""Grey levels of noise (standard deviation) from which a picture is noisy; those of clean videos have less than 1."""
QUIETER, KEPT = 0.6, 0.8
"""Denoising helped where at most this share of the noise, and at least this share of the edges, is left."""
BLURRED = 1.3
"""Pixels (sigma) from which edges are blurred; those of 18 real videos have 0.1 to 1.1."""
STEEPER = 0.9
"""Deblurring helped where at most this share of the blur is left …"""
GRAINY = 3.0
"""… and noise stays below this, grey levels."""
AMOUNT, WIDEST = 2.0, 5.0
"""Strength of the unsharp mask, and its largest sigma, pixels."""
DARK_SHARE = 0.25
"""Part of the picture that must be dark for light to be of use …"""
HIDDEN = 6.0
"""… with contrast below this in those parts, grey levels."""
CLEARER, VISIBLE = 1.3, 1.5
"""Brightening helped where contrast there grows by this factor, to this many grey levels at least."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What mending a picture did, in one measure."""

    measure: str
    """What is measured …"""
    unit: str
    before: float
    after: float
    helped: bool
    why: str
    """In words, with the other numbers that decided."""


def denoise(image: Picture, check: Callable[[], None]) -> Picture:
    """Non-local means (Buades, Coll and Morel, CVPR 2005), as strong as the noise, in strips of rows.

    Args:
        image: (h, w, 3).
        check: Called before each strip.
    """
    strength = max(1.0, quality.noise(quality.luma_of(image)))
    margin = SEARCH // 2 + TEMPLATE // 2
    strips = []
    for y in range(0, len(image), STRIP):
        check()
        top = max(0, y - margin)
        piece = np.ascontiguousarray(image[top : y + STRIP + margin, :, ::-1])
        smooth = cv2.fastNlMeansDenoisingColored(piece, None, strength, strength, TEMPLATE, SEARCH)
        strips.append(smooth[y - top : y - top + STRIP, :, ::-1])
    return np.ascontiguousarray(np.concatenate(strips), np.uint8)


def denoising_gain(image: Picture, mended: Picture) -> Gain:
    """Whether noise went and edges stayed."""
    was, now = quality.luma_of(image), quality.luma_of(mended)
    before, after, kept = quality.noise(was), quality.noise(now), quality.edges_kept(was, now)
    why = "the picture was not noisy" if before < NOISY else f"{kept:.0%} of the strength of edges is left"
    helped = before >= NOISY and after <= QUIETER * before and kept >= KEPT
    return Gain("noise", "grey levels", before, after, helped, why)


def deblur(image: Picture) -> Picture:
    """Unsharp mask, as wide as the edges are smeared."""
    smeared = quality.edge_blur(quality.luma_of(image)) or 1.0
    soft = cv2.GaussianBlur(image, (0, 0), min(max(smeared, 1.0), WIDEST))
    return np.asarray(cv2.addWeighted(image, 1 + AMOUNT, soft, -AMOUNT, 0), np.uint8)


def deblurring_gain(image: Picture, mended: Picture) -> Gain:
    """Whether edges are steeper and noise did not grow into grain."""
    was, now = quality.luma_of(image), quality.luma_of(mended)
    before, after, grain = quality.edge_blur(was), quality.edge_blur(now), quality.noise(now)
    measure = "blur of edges", "pixels"
    if before is None or after is None:
        return Gain(*measure, before or 0.0, after or 0.0, False, "there are no edges to judge by")
    if before < BLURRED:
        why = "the picture was not blurred"
    else:
        why = f"noise went from {quality.noise(was):.1f} to {grain:.1f} grey levels"
    helped = before >= BLURRED and after <= STEEPER * before and grain < GRAINY
    return Gain(*measure, before, after, helped, why)


def brightening_gain(image: Picture, mended: Picture) -> Gain:
    """Whether the dark parts show more than they did, noise apart."""
    was, now = quality.luma_of(image), quality.luma_of(mended)
    dark = quality.dark_parts(was)
    before, after, share = quality.contrast(was, dark), quality.contrast(now, dark), float(dark.mean())
    if share < DARK_SHARE:
        why = f"only {share:.0%} of the picture was dark"
    elif before >= HIDDEN:
        why = "its dark parts could be seen already"
    else:
        why = f"{share:.0%} of the picture was dark"
    helped = share >= DARK_SHARE and before < HIDDEN and after >= max(CLEARER * before, VISIBLE)
    return Gain("contrast in dark parts", "grey levels", before, after, helped, why)
