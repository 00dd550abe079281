"""The geometry of the score timeline: curve, spans, time axis and lanes, in shares of the width.

The template draws shapes in a stretched SVG and text in HTML, so that letters keep their size on any screen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from panda_agent.reporting.facts import Exhibit, blind_spans, duration, exhibits, threshold
from panda_agent.reporting.text import anchor, counted, plain
from panda_agent.types import ScorePoint, TimeSpan, Verdict, clock

WIDTH, HEIGHT = 1000.0, 100.0
"""Units of the curve's coordinate system."""
MOST_POINTS = 1000
MOST_LANES = 8
MOST_CLIPS = 60
"""More clips than this are drawn as runs of equal judgements."""
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True)
class Bar:
    """Something that lasts, as a bar on the time axis."""

    left: float
    """Per cent of the width."""
    width: float
    title: str
    text: str = ""
    href: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Lane:
    """A row of bars that do not overlap."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on the time axis."""

    left: float
    text: str
    minor: bool
    """May be left out on a narrow screen."""


@dataclass(frozen=True)
class Chart:
    """Everything the timeline figure draws."""

    seconds: float
    curve: str
    """SVG path of the score."""
    area: str
    """SVG path of the area below it."""
    spans: tuple[Bar, ...]
    blind: tuple[Bar, ...]
    threshold: float
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]


def chart_of(v: Verdict) -> Chart:
    """Lay out the timeline figure of a verdict."""
    seconds = duration(v)
    curve = path_of(v.score_timeline, seconds)
    return Chart(
        seconds=seconds,
        curve=curve,
        area=area_below(curve),
        spans=tuple(
            _bar(TimeSpan(start=s.start, end=s.end), seconds, title=f"{plain(s.event_type)}, peak {s.peak:.2f}")
            for s in v.spans
        ),
        blind=tuple(_bar(span, seconds, title="no picture") for span in blind_spans(v)),
        threshold=threshold(v),
        ticks=ticks_of(seconds),
        lanes=(*_claims(v, seconds), *_clips(v, seconds), *_kinds(exhibits(v).values(), seconds)),
    )


def path_of(points: Sequence[ScorePoint], seconds: float) -> str:
    """SVG path of a score over time. Long timelines keep the highest point of each bucket: no peak is lost."""
    size = -(-len(points) // MOST_POINTS) or 1
    buckets = (points[i : i + size] for i in range(0, len(points), size))
    kept = [max(bucket, key=lambda point: point.score) for bucket in buckets]
    steps = (f"{WIDTH * p.t / seconds:.1f} {HEIGHT * (1 - min(1.0, max(0.0, p.score))):.1f}" for p in kept)
    return "M" + " L".join(steps) if kept else ""


def area_below(path: str) -> str:
    """Close the path of a curve along the bottom of the figure."""
    if not path:
        return ""
    first, last = path[1:].split(" ", 1)[0], path.rsplit("L", 1)[-1].lstrip("M").split(" ")[0]
    return f"{path} L{last} {HEIGHT:.0f} L{first} {HEIGHT:.0f} Z"


def ticks_of(seconds: float) -> tuple[Tick, ...]:
    """Round times along the axis, at most eleven."""
    step = next((s for s in _STEPS if seconds / s <= 10), seconds / 10)
    count = int(seconds / step + 1e-9)
    form = clock if step < 1 else _whole
    return tuple(Tick(100 * i * step / seconds, form(i * step), bool(i % 2)) for i in range(count + 1))


def _whole(seconds: float) -> str:
    return clock(seconds)[:-2]


def _claims(v: Verdict, seconds: float) -> list[Lane]:
    bars = [
        _bar(
            claim.span,
            seconds,
            title=claim.text,
            text=str(n),
            href=f"claim-{n}",
            tone=f"claim {'scene' if claim.about == 'scene' else ''}",
        )
        for n, claim in enumerate(v.explanation, 1)
    ]
    return pack("Claims", bars)


def _clips(v: Verdict, seconds: float) -> list[Lane]:
    last = {j.clip: j for j in sorted(v.judgements, key=lambda j: j.round)}
    clips = [last[clip] for clip in sorted(last)]
    if len(clips) <= MOST_CLIPS:
        bars = [_bar(j.span, seconds, title=f"clip {j.clip}: {j.status}, {j.score:.2f}", tone=j.status) for j in clips]
    else:
        runs = ((status, list(run)) for status, run in groupby(clips, key=lambda j: j.status))
        bars = [
            _bar(run[0].span.hull(run[-1].span), seconds, title=f"{counted(len(run), 'clip')}: {status}", tone=status)
            for status, run in runs
        ]
    return [Lane("Clips", tuple(bars))] if bars else []


def _kinds(shown: Iterable[Exhibit], seconds: float) -> list[Lane]:
    """One lane a kind of evidence, most frequent first."""
    kinds: dict[str, list[Bar]] = defaultdict(list)
    for exhibit in shown:
        row = exhibit.row
        title = f"E{exhibit.number} {row.statement}"
        kinds[row.kind].append(
            _bar(row.span, seconds, title=title, href=anchor(row.cite), tone="cited" if exhibit.claims else "")
        )
    order = sorted(kinds, key=lambda kind: -len(kinds[kind]))
    lanes = [Lane(plain(kind), tuple(kinds[kind])) for kind in order[:MOST_LANES]]
    rest = tuple(bar for kind in order[MOST_LANES:] for bar in kinds[kind])
    return [*lanes, Lane("other", rest)] if rest else lanes


def pack(name: str, bars: Sequence[Bar]) -> list[Lane]:
    """Put bars into as few lanes as keep them apart; the first lane carries the name."""
    lanes: list[list[Bar]] = []
    for bar in bars:
        free = next((lane for lane in lanes if lane[-1].left + lane[-1].width + 0.4 <= bar.left), None)
        if free is None:
            lanes.append([bar])
        else:
            free.append(bar)
    return [Lane(name if i == 0 else "", tuple(lane)) for i, lane in enumerate(lanes)]


def _bar(span: TimeSpan, seconds: float, *, title: str, text: str = "", href: str = "", tone: str = "") -> Bar:
    left = 100 * min(span.start / seconds, 1.0)
    # A bar narrower than this could not be seen or clicked; a numbered one must hold its number on a phone.
    width = max(100 * span.duration / seconds, 7.0 if text else 0.8)
    left = min(left, 100 - width) if width < 100 else 0.0
    return Bar(left, min(width, 100.0), f"{title} ({span})", text, href, tone)
