"""Medians that are taken for every frame give what NumPy gives."""

import numpy as np
import pytest

from panda_agent.perception.medians import median, median_picture, median_step

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 31])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_a_median_is_that_of_numpy(count, kind):
    values = (RANDOM.random(count) * 255).astype(kind)
    assert median(values) == np.median(values)
    assert median(values.reshape(1, count)[::1]) == np.median(values)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 41])
def test_a_median_picture_is_that_of_numpy_rounded_down(count):
    stack = RANDOM.integers(0, 256, (count, 12, 17), np.uint8)
    assert np.array_equal(median_picture(stack), np.median(stack, axis=0).astype(np.uint8))


@pytest.mark.parametrize("shape", [(2, 5, 5), (3, 5, 5), (9, 6, 7)])
def test_a_median_step_is_that_of_all_differences(shape):
    stack = RANDOM.integers(0, 256, shape, np.uint8)
    assert median_step(stack) == np.median(np.abs(np.diff(stack.astype(int), axis=0)))
