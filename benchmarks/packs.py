"""How a rule pack does on what other people's models described: labels, event types, false alarms, score over time.

    .venv/bin/python benchmarks/packs.py ucf ../shared/data/ucf_crime [--pack ucf-crime]
    .venv/bin/python benchmarks/packs.py shanghaitech ../shared/data/captions [--pack campus]
    .venv/bin/python benchmarks/packs.py ped2 ../shared/data/captions

Belief is drawn as a verdict draws it, but without the loop around it, whose clips change nothing where there is nothing
more to look at. Only videos whose sha256(name) is even are used, which packs were written while looking at;
`--held-out` takes the others. Rules read the descriptions and nothing else: not the captioner's own flags, whose AUC
stands beside ours. Nothing is fitted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from panda_agent import Settings
from panda_agent.evaluation.smoothing import gaussian
from panda_agent.evaluation.splits import is_dev
from panda_agent.prompts import load_pack
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.types import Evidence, Firing, RulePack, TimeSpan

Scores = NDArray[np.float64]
LOOP = Settings().loop
SIGMA = 5.0
"""Rows of the Gaussian that scores are also shown with."""


@dataclass(frozen=True)
class Sample:
    """One video as others described it."""

    name: str
    truth: Scores
    """0 or 1 for each row."""
    flags: Scores
    """The captioner's own word for each row; zeros where it gave none."""
    told: list[str]
    fps: float
    """Rows a second."""
    kind: str
    """The data set's class; `Normal` for none."""


@dataclass(frozen=True)
class Found:
    """What the rules make of it."""

    label: str
    event_type: str
    """The strongest."""
    score: Scores
    """The largest belief at each row."""
    because: list[Firing]
    """What pushed the strongest event type, strongest first."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=READERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pack")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--why", action="store_true", help="print what each verdict rests on")
    args = parser.parse_args()
    read, pack, names = READERS[args.data]
    rules = load_pack(args.pack or pack)
    found = []
    for sample in read(args.folder):
        if is_dev(sample.name) != args.held_out:
            found.append((sample, judged(sample, rules)))
            report(*found[-1], args.why)
    sum_up(found, {event.id: event.names.get(names, "") for event in rules.event_types})


def ucf(folder: Path) -> Iterator[Sample]:
    """UCF-Crime test videos, one answer a second (CoReVAD)."""
    spans = {row["video"]: row for row in json.loads((folder / "ground_truth.json").read_text())}
    for name, rows in grouped(folder / "observations_internvl2_8b.jsonl.gz"):
        row = spans[name]
        frames = np.arange(len(rows)) * row["fps"] + row["fps"] / 2
        truth = np.any([(frames >= a) & (frames < b) for a, b in row["anomalous_intervals"]] or [frames < 0], axis=0)
        told = [str(one["text"]) for one in rows]
        flags = np.array([float(one["flag"] or 0) for one in rows])
        kind = re.sub(r"(_Videos)?_?\d+_x264$", "", name)
        yield Sample(name, truth.astype(float), flags, told, 1.0, kind)


def frames(folder: Path, file: str, fps: float, every: int) -> Iterator[Sample]:
    """One caption a frame (AnomalyRuler); each `every`th is read, as if they were taken so often."""
    for name, all_rows in grouped(folder / file):
        rows = all_rows[::every]
        told = [str(one["description"]) for one in rows]
        truth = np.array([float(one["label"]) for one in rows])
        kind = "anomaly" if truth.any() else "Normal"
        yield Sample(name, truth, np.zeros(len(rows)), told, fps / every, kind)


READERS: dict[str, tuple[Callable[[Path], Iterator[Sample]], str, str]] = {
    "ucf": (ucf, "ucf-crime", "ucf-crime"),
    "shanghaitech": (lambda folder: frames(folder, "shanghaitech_cogvlm.jsonl.gz", 24.0, 12), "campus", "shanghaitech"),
    "ped2": (lambda folder: frames(folder, "ped2_cogvlm.jsonl.gz", 10.0, 5), "campus", "ped2"),
}
"""By name: how it is read, its pack, and how event types name its classes."""


def grouped(path: Path) -> Iterator[tuple[str, list[dict[str, object]]]]:
    videos: dict[str, list[dict[str, object]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            videos.setdefault(row["video"], []).append(row)
    yield from videos.items()


def judged(sample: Sample, pack: RulePack) -> Found:
    """Belief of the rules in the descriptions alone, and the label that it gives."""
    step = 1 / sample.fps
    spans = [TimeSpan(start=round(i * step, 3), end=round((i + 1) * step, 3)) for i in range(len(sample.told))]
    rows = [
        Evidence(id=f"e{i}", kind="caption", span=span, statement="", data={"told": text}, tool="t@1", family="caption")
        for i, (span, text) in enumerate(zip(spans, sample.told, strict=True))
    ]
    rules = [rule for rule in pack.rules if all(condition.kind == "caption" for condition in rule.when)]
    weighed = weigh(rules, rows)
    beliefs = weighed.beliefs(pack.event_types, (np.arange(len(rows)) + 0.5) * step)
    best = max(beliefs, key=lambda event: float(beliefs[event].max()))
    peak = float(beliefs[best].max())
    doubtful = abs(peak - LOOP.threshold) < LOOP.abstain
    label = "inconclusive" if doubtful else "anomalous" if peak > LOOP.threshold else "normal"
    because = sorted((one for one in weighed.fired() if one.event_type == best), key=lambda one: -one.weight)
    return Found(label, best, np.max(list(beliefs.values()), axis=0), because)


def report(sample: Sample, found: Found, why: bool) -> None:
    event = found.event_type if found.label != "normal" else ""
    print(f"{sample.name:32} {found.label:12} {event:20} peak {found.score.max():.2f}", flush=True)
    for one in found.because[:3] if why and event else ():
        print(f"    {one.span.start if one.span else 0:.0f} s, {one.rule}: {one.why[:160]}")


def sum_up(found: list[tuple[Sample, Found]], names: dict[str, str]) -> None:
    """Print labels, event types and AUCs."""
    for wanted in (True, False):
        labels = Counter(one.label for sample, one in found if (sample.kind != "Normal") == wanted)
        print(f"{'anomalous' if wanted else 'normal'} videos: {dict(labels)}")
    calm = np.concatenate([one.score[sample.truth == 0] for sample, one in found])
    hot = np.concatenate([one.score[sample.truth == 1] for sample, one in found])
    print(
        f"rows called anomalous: {np.mean(hot >= 0.5):.0%} of the anomalous, {np.mean(calm >= 0.5):.1%} of the others"
    )
    alarms = Counter(one.event_type for sample, one in found if sample.kind == "Normal" and one.label == "anomalous")
    print(f"false alarms by event type: {dict(alarms)}")
    for kind in sorted({sample.kind for sample, _ in found} - {"Normal"}):
        types = Counter(called(one, names) for sample, one in found if sample.kind == kind)
        print(f"    {kind:16} {dict(types.most_common())}")
    ours = [one.score for _, one in found]
    theirs = [sample.flags for sample, _ in found]
    for title, scores in (("rules", ours), ("captioner's flag", theirs)):
        if any(one.any() for one in scores):
            smooth = [gaussian(one, SIGMA) for one in scores]
            print(f"{title:17} {aucs(found, scores)}; with a Gaussian of {SIGMA:g} rows {aucs(found, smooth)}")


def called(found: Found, names: dict[str, str]) -> str:
    """The data set's name of what was found, or the label where nothing was."""
    return (names.get(found.event_type) or found.event_type) if found.label == "anomalous" else found.label


def aucs(found: list[tuple[Sample, Found]], scores: list[Scores]) -> str:
    truths = [sample.truth for sample, _ in found]
    micro = roc_auc_score(np.concatenate(truths), np.concatenate(scores))
    within = [roc_auc_score(t, s) for t, s in zip(truths, scores, strict=True) if 0 < t.mean() < 1]
    return f"micro {micro * 100:.1f}, within videos {np.mean(within) * 100:.1f} ({len(within)})"


if __name__ == "__main__":
    main()
