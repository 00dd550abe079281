"""Verdicts as the engine writes them, of a real campus scene and a real fight, built by hand."""

from __future__ import annotations

import math

from panda_agent.types import (
    AnomalySpan,
    Claim,
    Cost,
    Evidence,
    Firing,
    Hypothesis,
    Judgement,
    Region,
    Rejected,
    SceneContext,
    ScorePoint,
    TimeSpan,
    Verdict,
    evidence_id,
)

RUN = {
    "case_id": "20261125-ped2-04-7f3a",
    "video": "recordings/yard camera/04.mp4",
    "started_at": "2026-11-25T14:03:11Z",
    "seconds": 6.42,
    "host": "kiosk-2",
    "versions": {"panda_agent": "0.1.0", "python": "3.11.7"},
}


def row(
    kind: str, start: float, end: float, statement: str, box: tuple[float, ...] | None = None, **more: object
) -> Evidence:
    """A row of evidence in short form; what is no field of Evidence goes into its data."""
    fields = {name: more.pop(name) for name in ("score", "family", "tool") if name in more}
    tool = str(fields.pop("tool", "observe_motion@1"))
    return Evidence(
        id=evidence_id(tool, {"kind": kind, "start": start, "statement": statement}),
        kind=kind,
        span=TimeSpan(start=start, end=end),
        region=None if box is None else Region(x0=box[0], y0=box[1], x1=box[2], y1=box[3]),
        statement=statement,
        data=more,
        tool=tool,
        **fields,
    )


def course(start: float, end: float, top: float, step: float = 0.1) -> list[list[float]]:
    """A measured value that rises and falls again."""
    n = max(2, round((end - start) / step))
    return [
        [round(start + i * (end - start) / n, 3), round(top * (0.55 + 0.45 * math.sin(math.pi * i / n)), 3)]
        for i in range(n + 1)
    ]


def hill(seconds: float, rate: float, *bumps: tuple[float, float, float]) -> tuple[ScorePoint, ...]:
    """A score timeline with soft-edged plateaus (start, end, height) over a low floor."""
    points = []
    for i in range(round(seconds * rate)):
        t = i / rate
        score = 0.05 + 0.02 * math.sin(3 * t)
        for start, end, height in bumps:
            rise = 1 / (1 + math.exp(-6 * (t - start))) - 1 / (1 + math.exp(-4 * (t - end)))
            score = max(score, height * rise - 0.03 * math.sin(5 * t) * rise)
        points.append(ScorePoint(t=round(t, 3), score=score))
    return tuple(points)


def provenance(seconds: float, frames: int, **video: object) -> dict[str, object]:
    return {
        "video": {
            "sha256": "ef42d844d18c0415e6eda912492a637b",
            "duration": seconds,
            "frames": frames,
            "blind": [],
            **video,
        },
        "settings": {"rules": "general", "loop": {"threshold": 0.5, "unsure": 0.15, "clip_seconds": 5.0, "rounds": 3}},
        "packs": [{"id": "street", "version": 1, "sha256": "0d9c5bb0a4c1"}],
        "tools": ["look_again@1", "observe_motion@1"],
        "tier": "bare",
        "version": "0.1.0",
    }


def claim(text: str, *rows: Evidence, about: str = "h1") -> Claim:
    return Claim(text=text, span=hull(rows), about=about, cites=tuple(row.cite for row in rows))


def fired(rule: str, event: str, why: str, weight: float, *rows: Evidence) -> Firing:
    cites = tuple(row.cite for row in rows)
    return Firing(
        rule=rule,
        event_type=event,
        outcome="fired",
        why=why,
        span=hull(rows),
        strength=0.8,
        weight=weight,
        evidence=cites,
    )


def judged(clip: int, start: float, end: float, status: str, score: float, reason: str, *rows: Evidence) -> Judgement:
    cites = tuple(row.cite for row in rows)
    return Judgement(
        clip=clip, span=TimeSpan(start=start, end=end), status=status, score=score, reason=reason, cites=cites
    )


def believed(name: str, event: str, kind: str, status: str, belief: float, statement: str) -> Hypothesis:
    return Hypothesis(id=name, event_type=event, kind=kind, status=status, belief=belief, statement=statement)


def hull(rows: tuple[Evidence, ...]) -> TimeSpan:
    return TimeSpan(start=min(row.span.start for row in rows), end=max(row.span.end for row in rows))


CART_PATH = [
    [3.0, 0.97, 0.56, 1, 0.73],
    [5.2, 0.861, 0.554, 1, 0.758],
    [8.8, 0.658, 0.575, 0.892, 0.8125],
    [11.2, 0.531, 0.625, 0.764, 0.8625],
    [13.6, 0.414, 0.6875, 0.644, 0.925],
    [17.9, 0.25, 0.82, 0.48, 1],
]
BIKE_PATH = [[11.6, 0.94, 0.52, 1, 0.68], [13.6, 0.864, 0.533, 0.967, 0.679], [17.9, 0.6, 0.56, 0.7, 0.71]]


def cart_evidence() -> dict[str, Evidence]:
    size = row(
        "size",
        3.1,
        17.9,
        "Object 7 is 4.6 times as large as others at the same place.",
        (0.25, 0.55, 1, 1),
        track=7,
        ratio=4.6,
        others=23,
        zones=["right", "centre"],
        path=CART_PATH,
        profile=course(3.1, 17.9, 4.6),
        score=0.97,
        family="tracks",
    )
    pace = row(
        "pace",
        11.6,
        17.9,
        "Object 15 crosses at 2.4 body lengths/s; 95 % of others stay below 1.4.",
        (0.6, 0.52, 1, 0.71),
        track=15,
        speed=2.4,
        usual=1.4,
        path=BIKE_PATH,
        score=0.81,
        family="tracks",
    )
    odd = row(
        "unlike_normal",
        3.0,
        17.9,
        "Motion at the right walk lies 3.9 times as far from normal videos as 99 % of them do.",
        (0.3, 0.5, 1, 0.95),
        distance=3.9,
        neighbours=5,
        profile=course(3.0, 17.9, 3.9),
        score=0.93,
    )
    crowd = row("crowd", 0.0, 17.9, "8 to 12 objects move along the walk at 0.9 to 1.4 body lengths/s.", most=12)
    look = row(
        "second_look",
        3.0,
        6.0,
        "At 30 looks a second the object at the right edge is still larger than any walker.",
        (0.85, 0.53, 1, 0.77),
        found=True,
        of=[size.cite],
        tool="look_again@1",
    )
    return {"crowd": crowd, "size": size, "look": look, "odd": odd, "pace": pace}


def cart_verdict() -> Verdict:
    """A service cart drives over a campus walk (Ped2, test clip 04), and a cyclist follows."""
    e = cart_evidence()
    second = judged(0, 0, 5, "abnormal", 0.86, "The large object is no group of walkers.", e["size"], e["look"])
    changed = "score 0.55 → 0.86: at full rate the object keeps one rigid outline"
    return Verdict(
        label="anomalous",
        headline="A vehicle drives where people walk, and a cyclist follows",
        event_type="vehicle_on_walk",
        severity="medium",
        confidence=0.91,
        spans=(AnomalySpan(start=3.0, end=17.9, event_type="vehicle_on_walk", peak=0.97),),
        score_timeline=hill(18.0, 10, (3.0, 19.0, 0.96)),
        explanation=(
            claim("8 to 12 objects move along the walk at 0.9 to 1.4 body lengths/s.", e["crowd"], about="scene"),
            claim("From 0:03.1 on, object 7 is 4.6 times as large as others there.", e["size"], e["look"]),
            claim("Its motion lies 3.9 times as far from normal videos as 99 % of them do.", e["odd"]),
            claim("Object 15 crosses at 2.4 body lengths/s; 95 % of others stay below 1.4.", e["pace"], about="h2"),
        ),
        rejected_alternatives=(
            Rejected(
                statement="A group of people walks close together and looks like one large object.",
                why="Object 7 keeps one outline for 14.8 s and never splits; groups here split within 4 s.",
                belief=0.06,
                cites=(e["size"].cite,),
            ),
            Rejected(
                statement="Someone jogs.",
                why="2.4 body lengths/s without the bobbing of a runner.",
                belief=0.31,
                cites=(e["pace"].cite,),
            ),
        ),
        question="Does anyone ride where people walk?",
        answer="Yes: a vehicle from 0:03.0, and probably a bicycle from 0:11.6.",
        basis="An anomaly is anything in the street pack's event types, or unlike the 16 normal videos of this camera.",
        warnings=("One clip (0:00.0–0:03.0) was judged before the background was settled.",),
        scene=SceneContext(
            overview="A paved walk seen from above, with lawn behind it, by day.",
            lighting="day",
            tags=("street", "campus", "people"),
            normal="people walk left and right at 0.9 to 1.4 body lengths/s",
            potential_anomalies=("vehicle on walk", "running", "bicycle"),
        ),
        hypotheses=(
            believed("h1", "vehicle_on_walk", "anomaly", "supported", 0.97, "A vehicle drives where people walk."),
            believed("h1b", "vehicle_on_walk", "benign", "refuted", 0.06, "A group of people walks close together."),
            believed("h2", "riding", "anomaly", "undecided", 0.69, "Someone rides where people walk."),
            believed("h2b", "riding", "benign", "undecided", 0.31, "Someone jogs."),
        ),
        judgements=(
            judged(0, 0, 5, "insufficient", 0.55, "Something large enters, cut by the frame.", e["size"]),
            second.model_copy(update={"round": 1, "changed": changed}),
            judged(1, 5, 10, "abnormal", 0.97, "Object 7 is far larger than others here.", e["size"], e["odd"]),
            judged(2, 10, 15, "abnormal", 0.96, "Object 7 goes on; object 15 is fast.", e["size"], e["pace"]),
            judged(3, 15, 18, "normal", 0.35, "Both leave.", e["pace"]),
        ),
        trace=(
            fired("large-object@1", "vehicle_on_walk", "object 7 is 4.6 times as large as others", 3.2, e["size"]),
            fired("unlike-normal@1", "vehicle_on_walk", "3.9 times the distance of normal motion", 2.1, e["odd"]),
            fired("fast-crossing@2", "riding", "object 15 crosses at 2.4 body lengths/s", 1.5, e["pace"]),
            fired("steady-flow@1", "riding", "it moves with the flow of the walk", -0.7, e["pace"], e["crowd"]),
            Firing(rule="fall@1", event_type="fall", outcome="not fired", why="no evidence of kind 'fall'"),
            Firing(
                rule="wrong-way@1",
                event_type="wrong_way",
                outcome="not fired",
                why=f"share is 0.44, needs <= 0.1 ({e['pace'].cite})",
            ),
            Firing(
                rule="night-visit@1",
                event_type="intrusion",
                outcome="undecided",
                why="the time of day is not known; give --started-at",
            ),
        ),
        evidence_rows=tuple(e.values()),
        cost=Cost(looks=1),
        provenance=provenance(18.0, 180),
    )


def fight_verdict() -> Verdict:
    """Two men are knocked down in an underpass (UCF-Crime, Fighting033)."""
    unrest = row(
        "agitation",
        2.6,
        8.4,
        "A pair of objects moves erratically: 5.2 times the usual change of direction.",
        (0.45, 0.28, 0.8, 0.75),
        ratio=5.2,
        profile=course(2.6, 8.4, 5.2),
        score=0.92,
    )
    fall = row(
        "fall",
        2.8,
        3.6,
        "Object 2 turns from upright (2.6 tall to 1 wide) to flat (0.5) within 0.8 s.",
        (0.38, 0.6, 0.66, 0.93),
        track=2,
        aspect_before=2.6,
        aspect_after=0.5,
        score=0.95,
        family="tracks",
    )
    down = row("stays_down", 3.6, 9.0, "Object 2 stays flat for 5.4 s.", (0.36, 0.7, 0.78, 0.93), track=2, score=0.9)
    calm = row("pace", 0.0, 2.6, "4 objects stand or walk slowly.", objects=4, speed=0.3, family="tracks")
    changes = {
        "headline": "A fight: someone is knocked down and stays down",
        "event_type": "fight",
        "severity": "high",
        "confidence": 0.8,
        "spans": (AnomalySpan(start=2.6, end=9.0, event_type="fight", peak=0.96),),
        "score_timeline": hill(9.0, 15, (2.6, 9.6, 0.95)),
        "question": None,
        "answer": None,
        "explanation": (
            claim("4 objects stand or walk slowly.", calm, about="scene"),
            claim("At 0:02.8, object 2 turns from upright to flat within 0.8 s.", fall),
            claim("A pair moves erratically, 5.2 times the usual change of direction.", unrest),
            claim("Object 2 stays flat for 5.4 s.", down),
        ),
        "rejected_alternatives": (
            Rejected(
                statement="People play or embrace.",
                why="One stays down for 5.4 s while the motion around him goes on.",
                belief=0.12,
                cites=(down.cite, unrest.cite),
            ),
        ),
        "hypotheses": (
            believed("h1", "fight", "anomaly", "supported", 0.96, "People fight."),
            believed("h1b", "fight", "benign", "refuted", 0.12, "People play or embrace."),
        ),
        "basis": "An anomaly is anything in the general pack's event types.",
        "judgements": (
            judged(0, 0, 3, "insufficient", 0.45, "Calm until 0:02.6, then a sudden move.", calm, fall),
            judged(1, 3, 6, "abnormal", 0.96, "One lies, two struggle.", unrest, down),
            judged(2, 6, 9, "abnormal", 0.94, "One lies, two struggle.", unrest, down),
        ),
        "trace": (fired("erratic-pair@1", "fight", "5.2 times the usual change of direction", 2.8, unrest, fall),),
        "warnings": ("One kind of source: motion and tracks of the same pictures; confidence is capped at 0.80.",),
        "scene": SceneContext(
            overview="A lit underpass with people in it.", quality="fair", clock="2014-03-02T17:18:43"
        ),
        "evidence_rows": (calm, unrest, fall, down),
        "cost": Cost(looks=2),
        "provenance": provenance(9.033, 271, blind=[{"start": 4.9, "end": 5.3}]),
    }
    return cart_verdict().model_copy(update=changes)


def calm_verdict(label: str = "normal") -> Verdict:
    """Nothing happens, or nothing can be said."""
    walkers = row("crowd", 0.0, 2.9, "2 objects walk.", (0.1, 0.2, 0.5, 0.8), objects=2)
    decided = label == "normal"
    return Verdict(
        label=label,
        headline="Nothing out of the ordinary" if decided else "Too dark to tell",
        event_type=None,
        severity=None,
        confidence=0.84 if decided else 0.5,
        spans=(),
        score_timeline=hill(3.0, 10),
        explanation=(claim("2 objects walk.", walkers, about="scene"),),
        rejected_alternatives=(),
        abstained_because=None if decided else "half of the video shows no picture",
        scene=SceneContext(overview="A yard."),
        evidence_rows=(walkers,),
        cost=Cost(),
        provenance=provenance(3.0, 30, blind=[] if decided else [{"start": 1.0, "end": 2.5}]),
    )
