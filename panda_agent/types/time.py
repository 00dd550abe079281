"""Where and when: spans of seconds and normalised boxes."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Model(BaseModel):
    """Base of everything that crosses a boundary: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeSpan(Model):
    """Seconds by presentation timestamp, from the first decodable frame of the video; never frame number / fps."""

    start: float = Field(ge=0)
    """First moment, seconds."""
    end: float = Field(ge=0)
    """Last moment, seconds; never before `start`."""

    @model_validator(mode="after")
    def _ordered(self) -> TimeSpan:
        if self.end < self.start:
            raise ValueError(f"a span can't end ({self.end}) before it starts ({self.start})")
        return self

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    def overlap(self, other: TimeSpan) -> float:
        """Seconds that both spans share."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def touches(self, other: TimeSpan, within: float = 0.0) -> bool:
        """Whether the spans share a moment, or lie at most `within` seconds apart."""
        return self.start <= other.end + within and other.start <= self.end + within

    def hull(self, other: TimeSpan) -> TimeSpan:
        """The shortest span that holds both."""
        return TimeSpan(start=min(self.start, other.start), end=max(self.end, other.end))

    def __str__(self) -> str:
        return f"{clock(self.start)}–{clock(self.end)}"


class Region(Model):
    """A box in the upright picture: 0..1, x to the right, y down."""

    x0: float = Field(ge=0, le=1)
    y0: float = Field(ge=0, le=1)
    x1: float = Field(ge=0, le=1)
    y1: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Region:
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise ValueError("a region's second corner lies right of and below its first")
        return self

    @property
    def center(self) -> tuple[float, float]:
        """Middle of the box, (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def area(self) -> float:
        """Share of the picture, 0..1."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def iou(self, other: Region) -> float:
        """Intersection over union, 0..1."""
        w = min(self.x1, other.x1) - max(self.x0, other.x0)
        h = min(self.y1, other.y1) - max(self.y0, other.y0)
        shared = max(0.0, w) * max(0.0, h)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def hull(self, other: Region) -> Region:
        """The smallest box that holds both."""
        return Region(
            x0=min(self.x0, other.x0), y0=min(self.y0, other.y0), x1=max(self.x1, other.x1), y1=max(self.y1, other.y1)
        )

    @classmethod
    def of_pixels(cls, box: Iterable[float], width: int, height: int) -> Region:
        """Normalise a pixel box (x0, y0, x1, y1), clipped to the picture and rounded to 4 digits."""
        x0, y0, x1, y1 = (float(v) for v in box)
        xs = sorted(min(1.0, max(0.0, round(v / width, 4))) for v in (x0, x1))
        ys = sorted(min(1.0, max(0.0, round(v / height, 4))) for v in (y0, y1))
        return cls(x0=xs[0], y0=ys[0], x1=xs[1], y1=ys[1])


def clock(seconds: float) -> str:
    """Render seconds as a person reads them: `0:07.3`, `12:40.0`, `1:02:03.5`."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def merge_spans(spans: Iterable[TimeSpan], gap: float = 0.0) -> list[TimeSpan]:
    """Join spans that touch or lie at most `gap` seconds apart; the result is sorted and disjoint."""
    merged: list[TimeSpan] = []
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if merged and span.start <= merged[-1].end + gap:
            merged[-1] = merged[-1].hull(span)
        else:
            merged.append(span)
    return merged
