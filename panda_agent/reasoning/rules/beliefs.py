"""Belief as pure functions: log-odds in, log-odds out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from panda_agent.reasoning.rules.smoothing import Array, Durations, persisting
from panda_agent.types import TimeSpan

FADED = 40.0
"""Decay times after which a push adds less than a double can hold beside the prior (e^-40)."""

SAME_MOMENT = 1e-3
"""Seconds by which two moments may differ that are one."""
HELD = 0.2
"""Seconds for which a level that was known as it came stands at least: longer than from one frame that is looked at to
the next."""


def logit(p: float) -> float:
    """Log-odds of a probability in (0, 1)."""
    return math.log(p / (1.0 - p))


def sigmoid(x: float) -> float:
    """Probability of log-odds."""
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a further tool watched again."""

    spans: tuple[TimeSpan, ...]
    kinds: frozenset[str]
    """The kinds of evidence it would have filed."""
    known: tuple[float, ...] = ()
    """Online: when each span had been watched, seconds."""

    def watched(self, push: Push, times: Array) -> NDArray[np.bool_]:
        """At which of `times` it had watched what a push is about.

        Offline it watched the moments of its spans, whatever is felt there. Online it comes only after them, so that
        it says something of what is still felt of them: of a push by its last moment within its span.
        """
        mask = np.zeros(len(times), bool)
        if not self.known:
            for span in self.spans:
                mask |= (times >= span.start) & (times <= span.end)
            return mask
        about = np.minimum(times, push.span.end)
        for span, known in zip(self.spans, self.known, strict=True):
            mask |= (about >= span.start) & (about <= span.end) & (times >= known)
        return mask


@dataclass(frozen=True, slots=True)
class Glances:
    """Looks at single moments, one after the other, of which each says little: they are weighed together.

    A look that says nothing of a thing speaks against it, as it would have been told had it been there.
    """

    kind: str
    """The kind of evidence that each files."""
    moments: tuple[float, ...]
    """Seconds, rising: the middle of each look, or online when it was known."""
    durations: Durations
    causal: bool = False

    def place(self, push: Push) -> int | None:
        """Which look a push comes from; None where it is none of these."""
        if push.kind != self.kind or push.times:
            return None
        moment = push.since if push.since is not None else (push.span.start + push.span.end) / 2
        i = int(np.searchsorted(self.moments, moment - SAME_MOMENT))
        return i if i < len(self.moments) and self.moments[i] <= moment + SAME_MOMENT else None

    def course(self, levels: Array, times: Array, decay: float) -> Array:
        """Log-odds at each of `times` (seconds, rising) of so much at each look; further from any look it fades."""
        moments = np.asarray(self.moments)
        means = persisting(moments, levels, self.durations, causal=self.causal)
        after = np.searchsorted(moments, times + SAME_MOMENT)
        before = np.maximum(after - 1, 0)
        away = np.where(after > 0, times - moments[before], np.inf)
        if self.causal:
            held = np.where(after > 0, means[before], 0.0)
        else:
            held = np.interp(times, moments, means)
            away = np.minimum(np.abs(away), np.abs(moments[np.minimum(after, len(moments) - 1)] - times))
        return np.asarray(held * np.exp(-np.maximum(0.0, away - self.durations.glance) / decay), np.float64)


@dataclass(frozen=True, slots=True)
class Push:
    """What one firing does to one event type: log-odds over its span, fading afterwards.

    Where the strength varies, `times` and `levels` hold it at perception rate; else it is `level` throughout.
    """

    event_type: str
    family: str
    kind: str
    """The kind of evidence it rests on."""
    look: str
    """The tool that saw it: each tool is one look at the same thing."""
    span: TimeSpan
    level: float
    """Log-odds at its strongest; negative speaks for the benign twin."""
    times: Sequence[float] = ()
    levels: Sequence[float] = ()
    since: float | None = None
    """Online: nothing is felt of it before this second, at which all that it rests on was known."""
    until: float | None = None
    """Online: nothing is felt of it from this second on, at which it was known that it does not hold."""
    live: bool = False
    """Its course was known as it came: each level counts from its own moment on, whatever `since` says."""

    def felt(self, times: Array, decay: float) -> slice:
        """The part of `times` (seconds, rising) in which the push is more than nothing."""
        first = min(self.span.start, self.times[0]) if self.times else self.span.start
        i, j = np.searchsorted(times, [first, self.span.end + FADED * decay])
        return slice(int(i), int(j))

    def at(self, times: Array, decay: float) -> Array:
        """Log-odds at each of `times` (seconds, rising): zero before the span, then e-folding in `decay` seconds."""
        if self.live:
            return self._as_it_came(times, decay)
        if self.times:
            held = np.interp(times, self.times, self.levels, left=0.0)
            last = self.levels[-1] if self.since is None else self._left(decay)
        else:
            held = np.where(times >= self.span.start, self.level, 0.0)
            last = self.level
        after = times > self.span.end if self.since is None else times >= self.span.end
        level = np.where(after, last * np.exp(-np.maximum(0.0, times - self.span.end) / decay), held)
        return level if self.since is None else level * self._known(times)

    def _as_it_came(self, times: Array, decay: float) -> Array:
        """The last level at each moment: held until the next is due, then fading. The next one must not show in it.

        It is due after as long as the last one took to come, or after `decay` seconds.
        """
        known = np.asarray(self.times)
        places = np.searchsorted(known, times, side="right") - 1
        last = np.maximum(places, 0)
        due = np.clip(np.diff(known, prepend=known[0]) + SAME_MOMENT, HELD, max(HELD, decay))
        age = np.maximum(0.0, times - known[last] - due[last])
        return np.where(places < 0, 0.0, np.asarray(self.levels)[last] * np.exp(-age / decay))

    def _left(self, decay: float) -> float:
        """What is left at the end of its course, of which nobody felt the height: its strongest moment, faded since."""
        times, levels = np.asarray(self.times), np.asarray(self.levels)
        left = levels * np.exp(-np.maximum(0.0, self.span.end - times) / decay)
        return float(left[np.abs(left).argmax()])

    def _known(self, times: Array) -> NDArray[np.bool_]:
        known = times >= (self.since or 0.0)
        return known if self.until is None else known & (times < self.until)


def log_odds(
    pushes: Iterable[Push],
    times: Array,
    prior: float,
    decay: float,
    second_looks: Mapping[str, SecondLook] = MappingProxyType({}),
    glances: Glances | None = None,
) -> Array:
    """Log-odds of one event type at each moment.

    One sense counts once at a moment: within a family the strongest push for and the strongest push against stand,
    and only different families (motion, tracks, detector, ...) add up. Otherwise ten overlapping views of the same
    pixels would look like ten witnesses. A second look measures the same thing once more: where there were several
    looks their mean counts, and a look that watches for a kind and saw nothing counts as nothing. (The strongest of
    several looks would grow with their number alone.)

    Args:
        pushes: What the firings do.
        times: Seconds, rising.
        prior: Belief before any evidence.
        decay: Seconds in which a push fades to 1/e.
        second_looks: What each further tool watched again.
        glances: Looks at single moments, whose pushes are weighed together instead.
    """
    glimpsed, pushes = _glimpsed(pushes, glances)
    sides: dict[tuple[str, str], tuple[Array, Array]] = {}
    for push in pushes:
        part = push.felt(times, decay)  # the whole video for every push would take time by its square
        level = push.at(times[part], decay) / _looks(push, times[part], second_looks)
        sense = push.family, push.look if push.look in second_looks else ""
        if push.look in second_looks:
            level = level * second_looks[push.look].watched(push, times[part])
        if sense not in sides:
            sides[sense] = (np.zeros(len(times)), np.zeros(len(times)))
        best, worst = (side[part] for side in sides[sense])
        np.maximum(best, level, out=best)
        np.minimum(worst, level, out=worst)
    for family, (told_for, against) in glimpsed.items():
        assert glances is not None, "only they are glimpsed"
        best, worst = sides.setdefault((family, ""), (np.zeros(len(times)), np.zeros(len(times))))
        told = np.maximum(0.0, told_for + against)  # what explains nothing away says no more than silence
        course = glances.course(told, times, decay)
        np.maximum(best, course, out=best)
        np.minimum(worst, course, out=worst)
    total = np.zeros(len(times))
    for _, (best, worst) in sorted(sides.items()):  # sums of floats depend on their order, so what comes later must not
        total = total + (best + worst)
    return logit(prior) + total


def _glimpsed(pushes: Iterable[Push], glances: Glances | None) -> tuple[dict[str, tuple[Array, Array]], list[Push]]:
    """By family, the strongest for and against at each glance; and the pushes that come from elsewhere."""
    found: dict[str, tuple[Array, Array]] = {}
    others: list[Push] = []
    for push in pushes:
        place = None if glances is None else glances.place(push)
        if place is None or glances is None:
            others.append(push)
            continue
        count = len(glances.moments)
        best, worst = found.setdefault(push.family, (np.zeros(count), np.zeros(count)))
        best[place], worst[place] = max(best[place], push.level), min(worst[place], push.level)
    return found, others


def _looks(push: Push, times: Array, second_looks: Mapping[str, SecondLook]) -> Array:
    """How many looks watched each moment for the kind of a push, the first one included."""
    count = np.ones(len(times))
    for look in second_looks.values():
        if push.kind in look.kinds:
            count += look.watched(push, times)
    return count


def to_probability(x: Array) -> Array:
    """Element-wise `sigmoid`."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60, 60))), np.float64)


def spans_above(
    times: Sequence[float], scores: Array, high: float, low: float, end: float
) -> list[tuple[TimeSpan, float]]:
    """Stretches with a score of at least `low` that reach `high` somewhere, each with its peak.

    Each sample speaks for the time until the next one (the last until `end`).
    """
    found: list[tuple[TimeSpan, float]] = []
    above = scores >= low
    i, n = 0, len(times)
    while i < n:
        if not above[i]:
            i += 1
            continue
        j = i
        while j + 1 < n and above[j + 1]:
            j += 1
        peak = float(scores[i : j + 1].max())
        if peak >= high:
            stop = times[j + 1] if j + 1 < n else end
            found.append((TimeSpan(start=times[i], end=max(times[i], stop)), peak))
        i = j + 1
    return found
