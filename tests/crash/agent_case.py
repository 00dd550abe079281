"""The case that is killed around its agent's calls: three clips, the middle one looked at twice before it settles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from calls_case import RULES

from panda_agent import Investigator
from panda_agent.embedders import HashEmbedder
from panda_agent.perception.observation import Observation
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from panda_agent.settings import load_settings
from panda_agent.tools import Scope
from tests.made_up import Glance, Still


class Telling(Glance):
    """It says that there is nothing to see, each time at the same place: what it files has to survive too."""

    def run(self, scope: Scope) -> Iterator[Observation]:
        yield from super().run(scope)
        assert scope.span is not None
        yield Observation("second_look", scope.span, "Looked again (zoom): nothing.", {"tool": "zoom", "found": 0})


def investigator(folder: Path, url: str, concurrency: int) -> Investigator:
    """One whose case makes the calls of `fates.AGENT`: the model is at every stage, and nothing costs much time."""
    (folder / "calls.yaml").write_text(RULES)
    model: dict[str, Any] = {"base_url": url, "frames": 2, "concurrency": concurrency, "image_side": 64}
    settings = load_settings(
        home=folder / "home", rules=str(folder / "calls.yaml"), loop={"clip_seconds": 1.2}, model=model
    )
    return Investigator(settings, tools=[Still(), Telling()], reasoner=ModelReasoner(embedder=HashEmbedder()))
