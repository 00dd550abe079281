"""From the path of a video to a verdict.

    python -m examples.investigate [VIDEO [QUESTION]]

Prints the headline, the spans, and every claim with the evidence that it cites.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from examples.sample import video_of
from panda_agent import investigate
from panda_agent.types import clock


def main(arguments: Sequence[str]) -> None:
    question = arguments[1] if len(arguments) > 1 else None
    verdict = investigate(video_of(arguments), question=question)
    print(f"{verdict.label}: {verdict.headline} (confidence {verdict.confidence:.2f})")
    for span in verdict.spans:
        print(f"  {clock(span.start)}–{clock(span.end)} {span.event_type}, belief up to {span.peak:.2f}")
    for claim in verdict.explanation:
        print(f"- {claim.text} {list(claim.cites)}")
        for row in verdict.evidence():
            if row.cite in claim.cites:
                print(f"    {row.cite} {row.kind} by {row.tool}, {row.span}: {row.statement}")
    for rejected in verdict.rejected_alternatives:
        print(f"- set aside ({rejected.belief:.2f}): {rejected.statement}")


if __name__ == "__main__":
    main(sys.argv[1:])
