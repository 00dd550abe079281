"""The row that a model's opinion of a clip becomes; it is made by the reasoner, not by a tool that could be called."""

from __future__ import annotations

from panda_agent.tools.base import ToolSpec

OPINION = "opinion"
"""Kind of that row."""
JUDGE = ToolSpec(
    name="judge_clip",
    about="The model's opinion of a clip, by all that it was shown and told.",
    family="caption",
    stage="on request",
    makes={
        OPINION: (
            "event",
            "status",
            "p",
            "mode",
            "judged",
            "seen",
            "matched",
            "letters",
            "shown",
            "model",
            "round",
            "contradiction",
            "supersedes",
            "order",
        ),
        "order": ("text",),
        "unanswered": ("why", "asked", "refused", "order"),
    },
    cost="paid",
    needs=("model endpoint",),
)
