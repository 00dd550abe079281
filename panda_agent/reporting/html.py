"""report.html: one self-contained page that opens offline and in which every sentence leads to its evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from panda_agent.reporting.chart import area_below, chart_of, path_of
from panda_agent.reporting.facts import TOLD_AS, Exhibit, blind_spans, exhibits
from panda_agent.reporting.media import Media
from panda_agent.reporting.moments import key_moments
from panda_agent.reporting.text import anchor, clean, counted, likelihood, number, plain
from panda_agent.types import Evidence, Firing, Hypothesis, Judgement, ScorePoint, Verdict, clock

_DRAWN = ("profile", "path", "patches", "of", "answered", "told")
"""What the page draws or links instead of printing it."""
MOST_CARDS = 12
"""Pieces of evidence that are all laid out; of more, only those that sentences cite."""
MOST_ROWS = 12
"""Clips that are listed openly."""
Pair = tuple[Hypothesis, Hypothesis | None]
_OUTCOMES = ("fired", "undecided", "not fired")


def render_report(v: Verdict, media: Media, run: Mapping[str, Any], *, blur: bool = False) -> str:
    """Render the report of a case.

    Args:
        v: The verdict.
        media: Pictures to show; `Media()` gives a page without any.
        run: What differs between runs of the same case (case id, video, times, host, seconds); shown as it is.
        blur: Say on the page that people were blurred.
    """
    moments, shown = key_moments(v), exhibits(v)
    page = environment().get_template("report.html.j2")
    return page.render(
        v=v,
        run=run,
        name=video_name(run),
        pictures=media.pictures,
        blur=blur or media.blurred,
        chart=chart_of(v),
        moments=sorted(moments, key=lambda moment: moment.time),
        hero=next((moment for moment in moments if moment.key in media.pictures), None),
        exhibits=shown,
        cards=_cards(v, shown),
        judgements=_by_clip(v),
        rivals=_rivals(v),
        trace=_by_outcome(v),
        unseen=unseen(v),
        told_as=TOLD_AS,
    )


@cache
def environment() -> Environment:
    """Jinja with everything that could bite switched on: autoescape, strict names, and `clean` over every string."""
    env = Environment(
        loader=PackageLoader("panda_agent.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "anchor": anchor,
        "clock": clock,
        "counted": counted,
        "flat": flat,
        "likelihood": likelihood,
        "number": number,
        "numbers": _numbers,
        "numbered": numbered,
        "plain": plain,
        "referred": referred,
        "spark": spark,
    }
    return env


def video_name(run: Mapping[str, Any]) -> str:
    """The file name of the video, for titles."""
    return PurePath(str(run.get("video") or "video")).name


def flat(tree: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Lay out nested settings as rows (dotted name, value)."""
    if isinstance(tree, Mapping) and tree:
        return [row for key, item in tree.items() for row in flat(item, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(tree, list | tuple) and any(isinstance(item, Mapping) for item in tree):
        return flat({str(i): item for i, item in enumerate(tree, 1)}, prefix)
    return [(prefix, number(list(tree)) if isinstance(tree, list | tuple) else str(tree))]


def spark(row: Evidence) -> tuple[str, str] | None:
    """The course of an observation as a small curve and the area below it; None where there is none to draw."""
    points = row.profile
    if len(points) < 3:
        return None
    top = max(value for _, value in points) or 1.0
    start, seconds = points[0][0], max(points[-1][0] - points[0][0], 1e-6)
    curve = path_of([ScorePoint(t=t - start, score=value / top) for t, value in points], seconds)
    return curve, area_below(curve)


def numbered(text: str, shown: Mapping[str, Exhibit]) -> str:
    """Replace evidence ids in a sentence by the numbers that the report gives them."""
    return re.sub(r"\be[0-9a-f]{11}(\.\d+)?\b", lambda m: f"E{shown[m[0]].number}" if m[0] in shown else m[0], text)


def referred(row: Evidence) -> list[str]:
    """The evidence that a second look was about."""
    cites = row.data.get("of")
    return [str(cite) for cite in cites] if isinstance(cites, list) else []


def _finalize(value: Any) -> Any:
    """Runs on every expression of a template: a plain string may come from the video, markup is ours."""
    return clean(value) if type(value) is str else value


def unseen(v: Verdict) -> list[str]:
    """What limits trust: the warnings, and blind spans that no warning names."""
    blind = [str(span) for span in blind_spans(v)]
    silent = [span for span in blind if not any(span in warning for warning in v.warnings)]
    return [*v.warnings, *(f"No picture {span}: nothing can be said about this stretch." for span in silent)]


def _numbers(row: Evidence) -> list[tuple[str, str]]:
    return [(plain(key), number(value)) for key, value in row.data.items() if key not in _DRAWN]


def _cards(v: Verdict, shown: Mapping[str, Exhibit]) -> tuple[list[Exhibit], list[Exhibit]]:
    """The evidence to lay out, and what is folded away: in a long case, whatever no sentence of the verdict cites."""
    told = {cite for one in v.rejected_alternatives for cite in one.cites}
    few = len(shown) <= MOST_CARDS
    folded = {cite: not (few or it.claims or cite in told) for cite, it in shown.items()}
    return [it for cite, it in shown.items() if not folded[cite]], [it for cite, it in shown.items() if folded[cite]]


def _by_clip(v: Verdict) -> list[tuple[str, list[list[Judgement]]]]:
    """The looks at each clip, first look first, in groups: those to read (no title), and those to fold away."""
    clips: dict[int, list[Judgement]] = {}
    for judgement in sorted(v.judgements, key=lambda j: (j.clip, j.round)):
        clips.setdefault(judgement.clip, []).append(judgement)
    calm = {clip: len(looks) == 1 and looks[0].status == "normal" for clip, looks in clips.items()}
    others = [looks for clip, looks in clips.items() if not calm[clip]]
    plain_ones = [looks for clip, looks in clips.items() if calm[clip]]
    title = "" if len(others) <= MOST_ROWS else "not normal, or looked at again"
    return [(title, others), ("judged normal at first sight", plain_ones)] if clips else []


def _rivals(v: Verdict) -> tuple[list[Pair], list[Pair]]:
    """Each anomaly with its innocent explanation, the most believed first: those a rule spoke for, and the rest."""
    innocent = {one.event_type: one for one in v.hypotheses if one.kind == "benign"}
    anomalies = sorted((one for one in v.hypotheses if one.kind == "anomaly"), key=lambda one: -one.belief)
    raised = {line.event_type for line in v.trace if line.outcome == "fired" and line.weight > 0}
    pairs = [(one, innocent.get(one.event_type)) for one in anomalies]
    return [p for p in pairs if p[0].event_type in raised], [p for p in pairs if p[0].event_type not in raised]


def _by_outcome(v: Verdict) -> dict[str, list[Firing]]:
    """The rule trace, what moved belief most first."""
    lines = sorted(v.trace, key=lambda line: (-abs(line.weight), line.rule))
    return {outcome: [line for line in lines if line.outcome == outcome] for outcome in _OUTCOMES}
