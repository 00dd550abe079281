"""How good a picture is, without a better one to compare it with: noise, blur, what its dark parts show, its detail."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(h, w, 3), RGB."""
Luma = NDArray[np.float32]
"""(h, w), grey levels 0..255."""

BLOCK = 16
"""Pixels: side of the blocks in which noise is measured."""
CALM = 25.0
"""Percentile of the blocks that says how noisy a picture is: texture makes the others look noisy too."""
CLIPPED = 12.0
"""Grey levels from black and from white within which noise is cut off and can't be measured."""
FINE, COARSE = 1.0, 2.0
"""Pixels: the two Gaussians whose gradients are compared at an edge."""
EDGES = 95.0
"""Percentile of the gradient from which a place counts as an edge, if the gradient is `LEAST_EDGE` or more."""
LEAST_EDGE = 1.0
MIN_EDGES = 10
DARK = 60.0
"""Grey levels below which a place is dark."""
GRAIN = 2.0
"""Pixels of smoothing before contrast is measured, so that noise is no contrast."""
AROUND = 8.0
"""Pixels: the neighbourhood in which contrast is measured."""

_SECOND = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def luma_of(image: Picture) -> Luma:
    """Grey levels of a picture."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def noise(luma: Luma) -> float:
    """Standard deviation of the noise, grey levels.

    The Laplacian difference of Immerkær ("Fast noise variance estimation", CVIU 1996), taken block by block: the calm
    quarter of the blocks holds noise and hardly any texture.
    """
    rough = cv2.blur(np.abs(cv2.filter2D(luma, -1, _SECOND)), (BLOCK, BLOCK))
    light = cv2.blur(luma, (BLOCK, BLOCK))
    inside = tuple(_middles(length) for length in luma.shape)
    rough, light = rough[inside], light[inside]
    told = rough[(light > CLIPPED) & (light < 255 - CLIPPED)]
    return float(np.percentile(told if told.size else rough, CALM) * math.sqrt(math.pi / 2) / 6)


def edge_blur(luma: Luma) -> float | None:
    """How far edges are smeared: sigma of the Gaussian that would do it to a step, pixels; None without edges.

    Zhuo and Sim ("Defocus map estimation from a single image", Pattern Recognition 2011): smoothed a little more, a
    sharp edge loses much of its gradient, a smeared one hardly any. Hardly moved by noise.
    """
    fine, coarse = (_gradient(luma, sigma) for sigma in (FINE, COARSE))
    least = max(float(np.percentile(coarse, EDGES)), LEAST_EDGE)
    ridge = (coarse >= least) & (coarse >= cv2.dilate(coarse, np.ones((3, 3), np.uint8)))
    if int(ridge.sum()) < MIN_EDGES:
        return None
    loss = float(np.median(fine[ridge] / coarse[ridge]))
    if loss <= 1.001:
        return float(min(luma.shape))
    return math.sqrt(max(0.0, (COARSE**2 - loss**2 * FINE**2) / (loss**2 - 1)))


def edges_kept(before: Luma, after: Luma) -> float:
    """Strength of the edges of `before` that is left in `after`, as a share; 1.0 where there are no edges."""
    was, now = (_gradient(luma, COARSE) for luma in (before, after))
    # White noise of standard deviation s leaves gradients of s / (sqrt(8 pi) COARSE²): five times that is an edge.
    grain = 5 * noise(before) / (math.sqrt(8 * math.pi) * COARSE**2)
    edge = was >= max(float(np.percentile(was, EDGES)), LEAST_EDGE, grain)
    return float(now[edge].sum() / was[edge].sum()) if edge.any() else 1.0


def dark_parts(luma: Luma) -> NDArray[np.bool_]:
    """(h, w): where it is dark."""
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), AROUND) < DARK)


def contrast(luma: Luma, where: NDArray[np.bool_]) -> float:
    """Mean standard deviation, in grey levels, of what is around each place, less what noise makes of it.

    Args:
        luma: (h, w).
        where: (h, w), the places; 0.0 for none.
    """
    if not where.any():
        return 0.0
    smooth = cv2.GaussianBlur(luma, (0, 0), GRAIN)
    mean = cv2.GaussianBlur(smooth, (0, 0), AROUND)
    spread = cv2.GaussianBlur(smooth * smooth, (0, 0), AROUND) - mean * mean
    grain = noise(luma) / (2 * math.sqrt(math.pi) * GRAIN)
    return float(np.sqrt(np.maximum(spread - grain**2, 0.0))[where].mean())


@dataclass(frozen=True, slots=True)
class Detail:
    """What a large picture shows beyond a small one of the same thing."""

    beyond: float
    """Root mean square difference from the small one enlarged, less noise: grey levels. Plain enlarging has none."""
    strays: float
    """Root mean square difference of the large one, reduced, from the small one: grey levels. Contradictions."""


def detail(large: Luma, small: Luma) -> Detail:
    """Compare a picture with a smaller one of the same thing.

    Args:
        large: (h, w).
        small: (h', w') ≤ (h, w).
    """
    plain = cv2.resize(small, large.shape[::-1], interpolation=cv2.INTER_CUBIC)
    reduced = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    more = _mean_square(large - plain) - noise(large) ** 2
    return Detail(math.sqrt(max(0.0, more)), math.sqrt(_mean_square(reduced - small)))


def _middles(length: int) -> slice:
    """Middles of the blocks along a side; of what is smaller than a block, its middle."""
    first = min(BLOCK, length) // 2
    return slice(first, max(first + 1, length - first + 1), BLOCK)


def _mean_square(values: Luma) -> float:
    return float(np.mean(values * values))


def _gradient(luma: Luma, sigma: float) -> Luma:
    smooth = cv2.GaussianBlur(luma, (0, 0), sigma)
    x, y = (cv2.Sobel(smooth, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(x, y), np.float32)
