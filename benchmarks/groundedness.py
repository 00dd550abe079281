"""Is every sentence backed by what it cites, and does the verdict rest on it? Counted over recorded and real videos.

    .venv/bin/python benchmarks/groundedness.py --captions FILE [--cases 100] [--told-only]
    .venv/bin/python benchmarks/groundedness.py [--clips FOLDER] [--ped2 FOLDER]

Captions become recordings, of which as many as wanted are drawn with a fixed seed, and are judged by the pack `crime`;
with `--told-only` by what is told alone, without the captioner's own flags. Videos are judged by the pack of the
settings in the tier bare, those of Ped2 with their normal training videos. Then for each anomalous verdict: what
becomes of it without the rows that its claims cite, and without as many rows of the same spans that it does not cite,
drawn with three seeds.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from panda_agent import Investigator, Settings
from panda_agent.evaluation.counterfactual import Counterfactual, counterfactuals
from panda_agent.evaluation.groundedness import Groundedness, groundedness
from panda_agent.importers import as_recording, read_captions
from panda_agent.memory.recording import write_recording

SEED = 0
DRAWS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=Path)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--told-only", action="store_true")
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--ped2", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if args.captions is not None:
            settings = Settings(home=home / "captions", rules="crime", tier="bare")
            report("captions", settings, recordings(args.captions, args.cases, args.told_only, home / "recordings"))
        if args.clips is not None:
            videos = sorted(path for path in args.clips.iterdir() if path.suffix in (".mp4", ".avi"))
            report("clips", Settings(home=home / "clips", tier="bare"), ({"source": path} for path in videos))
        if args.ped2 is not None:
            videos = sorted((args.ped2 / "test").glob("*.mp4"))
            asked = ({"source": path, "normal": [args.ped2 / "train"]} for path in videos)
            report("ped2", Settings(home=home / "ped2", tier="bare"), asked)


def recordings(captions: Path, cases: int, told_only: bool, out: Path) -> Iterator[dict[str, Any]]:
    """So many of the captioned videos, each as a recording."""
    told = sorted(read_captions(captions, None), key=lambda one: one.video)
    for i, one in enumerate(random.Random(SEED).sample(told, min(cases, len(told)))):
        if told_only:
            one = one.model_copy(update={"rows": tuple(row.model_copy(update={"flag": None}) for row in one.rows)})
        path = out / f"{i}.rec"
        write_recording(path, *as_recording(one, None, captions.name))
        yield {"recording": path}


def report(name: str, settings: Settings, asked: Iterator[dict[str, Any]]) -> None:
    """Investigate, and print the counts."""
    investigator = Investigator(settings)
    found: list[Groundedness] = []
    moved: list[list[Counterfactual]] = []
    slowest = 0.0
    for i, request in enumerate(asked):
        verdict = investigator.investigate(case_id=f"case-{i}", **request)
        found.append(groundedness(verdict))
        if verdict.label != "anomalous":
            continue
        with investigator.reopen(f"case-{i}") as case:
            began = time.perf_counter()
            again = case.reweigh()
            slowest = max(slowest, time.perf_counter() - began)
            same = (again.label, again.confidence, again.spans) == (verdict.label, verdict.confidence, verdict.spans)
            assert same, f"{request}: weighed again, the verdict is another"
            rows = case.evidence()
            moved.append(counterfactuals(verdict, rows, case.reweigh, draws=DRAWS))
    tell(name, found, moved, slowest)


def tell(name: str, found: list[Groundedness], moved: list[list[Counterfactual]], slowest: float) -> None:
    sentences = sum(one.claims for one in found)
    print(f"{name}: {len(found)} cases, {sum(one.grounded for one in found)} of {sentences} sentences grounded")
    for problem in (problem for one in found for problem in one.problems):
        print(f"  not grounded ({problem.place}): {problem.text} {[one.sentence for one in problem.problems]}")
    if not moved:
        return
    draws = [one for draws in moved for one in draws]
    some = [one for one in draws if one.uncited]
    full = [one for one in draws if one.uncited == one.cited]
    print(
        f"  {len(moved)} anomalous: {share([draws[0].carried for draws in moved])} lose their label or 0.2 of "
        f"confidence without what they cite\n"
        f"  {share([one.indifferent for one in draws])} of {DRAWS} draws each move less than half as far "
        f"without as many others ({share([one.indifferent for one in some])} where there are any others, "
        f"{share([one.indifferent for one in full])} where there are as many)\n"
        f"  rows cited by a verdict: median {sorted(draws[0].cited for draws in moved)[len(moved) // 2]}, "
        f"slowest reweigh {slowest:.2f} s"
    )
    for draws in moved:
        if not draws[0].carried or not all(one.indifferent for one in draws):
            one = max(draws, key=lambda one: one.moved)
            print(
                f"    {one.confidence:.2f} → {one.without_cited.label} {one.without_cited.confidence:.2f} without "
                f"{one.cited}, → {one.without_others.label} {one.without_others.confidence:.2f} without {one.uncited}"
            )


def share(held: list[bool]) -> str:
    return f"{sum(held)} of {len(held)} ({sum(held) / max(1, len(held)):.1%})"


if __name__ == "__main__":
    main()
