"""What a cheap camera does to the picture: blur, noise, shake, wandering exposure, faded colours, a burnt-in clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from examples.scenes.camera import Array
from examples.scenes.drawing import Image


@dataclass(frozen=True)
class Sensor:
    """One camera's faults."""

    blur: float
    """Deviation of the lens blur, pixels."""
    noise: float
    """Deviation of the noise, grey levels."""
    shake: float
    """Deviation of the mount's movement, pixels; 0 for a firm one."""
    drift: float
    """Share the exposure wanders by."""
    colour: Array
    """3x3 matrix of the colours."""
    contrast: float
    wind: float
    """How far treetops move, pixels."""
    label: str
    """Name burnt into the picture, or nothing."""
    clock: datetime


def some_sensor(rng: np.random.Generator, night: bool, indoors: bool) -> Sensor:
    """A camera picked at random."""
    faded = float(rng.uniform(0.6, 1.0))
    if night:
        faded = 0.0 if rng.random() < 0.35 else faded * 0.75
    grey = np.full((3, 3), 1.0) * np.array([0.299, 0.587, 0.114])
    hour = int(rng.integers(20, 24)) if night else int(rng.integers(9, 17))
    label = f"CAM {int(rng.integers(1, 17)):02d}" if rng.random() < 0.6 else ""
    return Sensor(
        blur=float(rng.uniform(0.45, 0.8)),
        noise=float(rng.uniform(5.0, 9.0) if night else rng.uniform(1.6, 4.2)),
        shake=float(rng.uniform(0.35, 1.1)) if not indoors and rng.random() < 0.25 else 0.0,
        drift=float(rng.uniform(0.0, 0.02)),
        colour=np.eye(3) * faded + grey * (1 - faded),
        contrast=float(rng.uniform(0.88, 1.06)),
        wind=0.0 if indoors or rng.random() < 0.3 else float(rng.uniform(0.3, 1.4)),
        label=label,
        clock=datetime(
            2026, int(rng.integers(1, 13)), int(rng.integers(1, 28)), hour, int(rng.integers(60)), int(rng.integers(60))
        ),
    )


class Develop:
    """Turns clean pictures of one video into what its camera would have sent."""

    def __init__(self, sensor: Sensor, width: int, height: int, rng: np.random.Generator) -> None:
        self._sensor, self._size, self._rng = sensor, (width, height), rng
        self._noise = [self._grain() for _ in range(5)]
        self._waves = rng.uniform(0.5, 5.0, (3, 4)), rng.uniform(0, 2 * np.pi, (3, 4))

    def _grain(self) -> NDArray[np.int16]:
        w, h = self._size[0] + 48, self._size[1] + 48
        grey, hues = self._rng.normal(0, 1.0, (h, w, 1)), self._rng.normal(0, 0.35, (h, w, 3))
        soft = cv2.GaussianBlur(grey + hues, (0, 0), 0.55) * 1.7  # the blur takes away what 1.7 gives back
        return np.asarray(np.round(soft * self._sensor.noise), np.int16)

    def __call__(self, picture: Image, time: float) -> Image:
        """One picture at a time in seconds; calls must come in order."""
        sensor = self._sensor
        out = np.asarray(cv2.GaussianBlur(picture, (0, 0), sensor.blur), np.uint8)
        gain = sensor.contrast * (1 + sensor.drift * np.sin(time * 0.7 + self._waves[1][0, 0]))
        matrix = np.column_stack([sensor.colour * gain, np.full(3, 118 * (1 - sensor.contrast))])
        out = np.asarray(cv2.transform(out, matrix), np.uint8)
        if sensor.shake:
            shaken = cv2.warpAffine(out, self._moved(time), self._size, borderMode=cv2.BORDER_REFLECT_101)
            out = np.asarray(shaken, np.uint8)
        noise, (dx, dy) = self._noise[int(self._rng.integers(5))], self._rng.integers(0, 48, 2)
        noisy = cv2.add(out, noise[dy : dy + self._size[1], dx : dx + self._size[0]], dtype=cv2.CV_8U)
        out = np.asarray(noisy, np.uint8)
        if sensor.label:
            self._stamp(out, time)
        return out

    def _moved(self, time: float) -> NDArray[np.float64]:
        speed, phase = self._waves
        dx, dy, turn = (np.sin(speed * time * 2.2 + phase).sum(axis=1) / 2) * self._sensor.shake
        turn *= 0.0006
        w, h = self._size
        return np.array([[1, -turn, dx + turn * h / 2], [turn, 1, dy - turn * w / 2]])

    def _stamp(self, picture: NDArray[np.uint8], time: float) -> None:
        text = f"{self._sensor.label}  {self._sensor.clock + timedelta(seconds=int(time)):%Y-%m-%d %H:%M:%S}"
        size, at = self._size[1] / 240 * 0.34, (6, self._size[1] - 8)
        cv2.putText(picture, text, (at[0] + 1, at[1] + 1), cv2.FONT_HERSHEY_SIMPLEX, size, (16, 16, 16), 1, cv2.LINE_AA)
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (236, 236, 236), 1, cv2.LINE_AA)
