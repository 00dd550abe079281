"""Verdicts on a folder of labelled clips: one line a video, then balanced accuracy.

    [PANDA_WEIGHTS=folder] .venv/bin/python benchmarks/clips.py ../shared/data/clips [--out clips.json]

The folder holds videos and a `clips.json`:
{name: {"label": "normal" | "anomalous", "events": [{"type", "start", "end"}]}}.
An inconclusive verdict is neither right nor wrong: it is counted, and left out of the accuracy.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from panda_agent import Investigator, Settings, Verdict
from panda_agent.equipment import equip
from panda_agent.errors import PandaError
from panda_agent.types import clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="also write the rows as JSON")
    args = parser.parse_args()
    truth = json.loads((args.folder / "clips.json").read_text())
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        print(equip(settings))
        investigator = Investigator(settings)
        rows = [row(investigator, args.folder / name, entry) for name, entry in sorted(truth.items())]
    print("\n".join(summary(rows)))
    if args.out is not None:
        args.out.write_text(json.dumps(rows, indent=1))


def row(investigator: Investigator, video: Path, entry: dict) -> dict:
    began = time.perf_counter()
    try:
        verdict: Verdict | None = investigator.investigate(video)
    except PandaError as error:
        verdict, problem = None, str(error)
    found = {
        "video": video.name,
        "truth": entry["label"],
        "events": [event["type"] for event in entry["events"]],
        "label": "crash" if verdict is None else verdict.label,
        "headline": problem if verdict is None else verdict.headline,
        "event_type": None if verdict is None else verdict.event_type,
        "confidence": None if verdict is None else verdict.confidence,
        "spans": [] if verdict is None else [[span.start, span.end] for span in verdict.spans],
        "peak": 0.0 if verdict is None else max((point.score for point in verdict.score_timeline), default=0.0),
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(line(found), flush=True)
    return found


def line(found: dict) -> str:
    mark = {"inconclusive": "?", found["truth"]: "+"}.get(found["label"], "-")
    spans = ", ".join(f"{clock(start)}–{clock(end)}" for start, end in found["spans"])
    what = "/".join(found["events"]) or "–"
    return (
        f"{mark} {found['video'][:40]:40} {found['truth']:9} {what:16} → {found['label']:12} "
        f"{found['event_type'] or '–':18} peak {found['peak']:.2f} {spans}"
    )


def summary(rows: list[dict]) -> list[str]:
    lines = []
    recalls = []
    for label in ("normal", "anomalous"):
        of_label = [one for one in rows if one["truth"] == label]
        right = sum(one["label"] == label for one in of_label)
        open_ = sum(one["label"] == "inconclusive" for one in of_label)
        recalls.append(right / max(1, len(of_label) - open_))
        lines.append(f"{label}: {right} of {len(of_label)} right, {open_} inconclusive")
    crashes = sum(one["label"] == "crash" for one in rows)
    lines.append(f"balanced accuracy {sum(recalls) / 2:.3f} (always anomalous: 0.500), {crashes} crashes")
    return lines


if __name__ == "__main__":
    main()
