"""Runs the examples of a rule pack through the engine: each `fires` must fire its rule, each `must_not` must not.

    python -m examples.check_pack [PACK]

PACK is the path of a YAML file or the name of a pack that ships. The exit code is 1 where a rule breaks its word.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from panda_agent.prompts import load_pack
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.types import Evidence, Firing, Region, Rule, TimeSpan


def outcome(rule: Rule, shorts: Sequence[dict[str, Any]]) -> Firing:
    """What the engine says of a rule over rows in short form; a row's `clock` is the time of second 0."""
    clock = next((short["clock"] for short in shorts if "clock" in short), None)
    return weigh([rule], [row(i, **short) for i, short in enumerate(shorts)], started_at=clock).trace[0]


def row(number: int, kind: str, at: Sequence[float] = (0, 1), region: Sequence[float] = (), **data: Any) -> Evidence:
    """Evidence from its short form; whatever is not kind, time or place is data."""
    return Evidence(
        id=f"e{number}",
        kind=kind,
        span=TimeSpan(start=at[0], end=at[1]),
        region=Region(x0=region[0], y0=region[1], x1=region[2], y1=region[3]) if region else None,
        statement="",
        score=data.get("score"),
        data=data,
        tool="example@1",
    )


def main(arguments: Sequence[str]) -> int:
    pack = load_pack(arguments[0] if arguments else "general")
    broken = 0
    for rule in pack.rules:
        fires, must_not = outcome(rule, rule.fires), outcome(rule, rule.must_not)
        kept = fires.outcome == "fired" and must_not.outcome != "fired"
        broken += not kept
        print(f"{'ok' if kept else 'BROKEN':6} {rule.id}: {fires.why} | {must_not.why}")
    print(f"{pack.id}: {len(pack.rules)} rules, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
