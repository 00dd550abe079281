"""Rules of your own, over evidence of a tool of your own: was somebody in red here?

    python -m examples.custom_rules [VIDEO]

The rules are data: examples/red_things.yaml. docs/rules.md says how a pack is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from examples.custom_tool import FindRed
from examples.sample import video_of
from panda_agent import Investigator
from panda_agent.settings import load_settings

PACK = Path(__file__).with_name("red_things.yaml")


def main(arguments: Sequence[str]) -> None:
    investigator = Investigator(load_settings(rules=str(PACK)), tools=[FindRed()])
    verdict = investigator.investigate(video_of(arguments), question="Does somebody in red pass?")
    print(f"{verdict.label}: {verdict.answer}")
    for claim in verdict.explanation:
        print(f"- {claim.span}: {claim.text}")
    for line in verdict.trace:
        if line.rule.startswith("red."):
            print(f"{line.rule} {line.outcome}: {line.why} ({line.weight:+.1f} log-odds)")
    for warning in verdict.warnings:
        print(f"mind: {warning}")


if __name__ == "__main__":
    main(sys.argv[1:])
