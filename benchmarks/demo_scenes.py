"""Planted events and their decoy twins: are the events found in time, and do the twins stay normal?

    .venv/bin/python -m benchmarks.demo_scenes --seeds 1000-1019

Each seed renders every scene twice, with the event and with its innocent look-alike.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

from examples.demo_scenes import SCENES, render
from panda_agent import Investigator, Settings
from panda_agent.types import clock

START_ERROR = 1.0
"""Seconds by which the start of a found event may be off."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1000-1019")
    parser.add_argument("--scenes", nargs="*", default=list(SCENES))
    args = parser.parse_args()
    first, _, last = args.seeds.partition("-")
    tally: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        investigator = Investigator(Settings(home=Path(folder) / "home"))
        for seed in range(int(first), int(last or first) + 1):
            for scene in args.scenes:
                for decoy in (False, True):
                    tally[scene, decoy].append(one(investigator, scene, seed, decoy, Path(folder)))
    for (scene, decoy), rights in tally.items():
        print(f"{scene:14} {'decoy normal' if decoy else 'event found '} {sum(rights)}/{len(rights)}")
    for decoy in (False, True):
        rights = [right for key, of_key in tally.items() if key[1] == decoy for right in of_key]
        print(f"{'decoys normal' if decoy else 'events found, start within 1 s'}: {sum(rights)}/{len(rights)}")


def one(investigator: Investigator, scene: str, seed: int, decoy: bool, folder: Path) -> bool:
    video = folder / f"{scene}-{seed}{'-decoy' if decoy else ''}.mp4"
    truth = render(scene, seed, video, decoy=decoy)
    verdict = investigator.investigate(video)
    video.unlink()
    if decoy:
        right, want = verdict.label == "normal", "normal"
    else:
        start = truth.events[0].start
        right = any(abs(span.start - start) <= START_ERROR for span in verdict.spans)
        want = f"from {clock(start)}"
    spans = ", ".join(f"{span.event_type} {clock(span.start)}–{clock(span.end)}" for span in verdict.spans)
    peak = max((point.score for point in verdict.score_timeline), default=0.0)
    print(f"{'+' if right else '-'} {video.stem:28} {want:14} → {verdict.label:12} {peak:.2f} {spans}", flush=True)
    return right


if __name__ == "__main__":
    main()
