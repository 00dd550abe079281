"""Offline and online side by side on a folder of labelled clips: labels, frame AUC, alarms, and how late they are.

    .venv/bin/python -m benchmarks.online ../shared/data/clips [--out online.json]

The folder is that of `benchmarks.clips`. The alarm of an event is the first moment, from its start to `GRACE` seconds
after its end, at which the score reaches the threshold; its delay counts from that start. Offline a delay says little:
there the score of a moment rests on all of the video.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from panda_agent import Investigator, Settings, Verdict

RATE = 10.0
"""Moments a second at which the score is read."""
GRACE = 3.0
"""Seconds after an event in which an alarm is still about it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="also write the rows as JSON")
    args = parser.parse_args()
    truth = json.loads((args.folder / "clips.json").read_text())
    found: dict[str, list[dict]] = {"offline": [], "online": []}
    for mode, rows in found.items():
        with tempfile.TemporaryDirectory() as home:
            settings = Settings(home=Path(home))
            loop = settings.loop.model_copy(update={"mode": mode})
            investigator = Investigator(settings.model_copy(update={"loop": loop}))
            for name, entry in sorted(truth.items()):
                verdict = investigator.investigate(args.folder / name)
                rows.append(row(name, entry, verdict, loop.threshold))
                print(
                    mode, {key: value for key, value in rows[-1].items() if key not in ("scores", "labels")}, flush=True
                )
    for mode, rows in found.items():
        print(summary(mode, rows))
    if args.out is not None:
        args.out.write_text(json.dumps(found))


def row(name: str, entry: dict, verdict: Verdict, threshold: float) -> dict:
    end = verdict.score_timeline[-1].t
    times = np.arange(0.0, end, 1 / RATE)
    scores = np.interp(times, *zip(*((point.t, point.score) for point in verdict.score_timeline), strict=True))
    spans = [(event["start"], min(end if event["end"] is None else event["end"], end)) for event in entry["events"]]
    labels = np.zeros(len(times), bool)
    for start, stop in spans:
        labels |= (times >= start) & (times <= stop)
    return {
        "video": name,
        "truth": entry["label"],
        "label": verdict.label,
        "event_type": verdict.event_type,
        "delays": [delay(times, scores, start, stop, threshold) for start, stop in spans],
        "clips": [(one.span.end, one.score) for one in verdict.judgements],
        "labels": labels.astype(int).tolist(),
        "scores": [round(float(score), 4) for score in scores],
    }


def delay(times: np.ndarray, scores: np.ndarray, start: float, stop: float, threshold: float) -> float | None:
    """Seconds from the start of an event to the first alarm about it; None without one."""
    hit = times[(times >= start) & (times <= stop + GRACE) & (scores >= threshold)]
    return round(float(hit[0]) - start, 2) if len(hit) else None


def summary(mode: str, rows: list[dict]) -> str:
    normal = [one for one in rows if one["truth"] == "normal"]
    abnormal = [one for one in rows if one["truth"] != "normal"]
    right = sum(one["label"] == "normal" for one in normal), sum(one["label"] == "anomalous" for one in abnormal)
    delays = [value for one in abnormal for value in one["delays"]]
    seen = sorted(value for value in delays if value is not None)
    labels = np.concatenate([one["labels"] for one in rows])
    auc = roc_auc_score(labels, np.concatenate([one["scores"] for one in rows]))
    mixed = [one for one in abnormal if 0 < sum(one["labels"]) < len(one["labels"])]
    within = np.mean([roc_auc_score(one["labels"], one["scores"]) for one in mixed]) if mixed else float("nan")
    return (
        f"{mode}: normal {right[0]} of {len(normal)}, anomalous {right[1]} of {len(abnormal)}; events with an alarm "
        f"{len(seen)} of {len(delays)}, median delay {np.median(seen) if seen else float('nan'):.2f} s, longest "
        f"{max(seen, default=float('nan')):.2f} s; frame AUC {auc:.3f}, within videos {within:.3f} over {len(mixed)}"
    )


if __name__ == "__main__":
    main()
