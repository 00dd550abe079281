"""panda_agent: investigates a video like a detective, and cites the evidence for every sentence of its verdict."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panda_agent.case_file import CaseFile as CaseFile
    from panda_agent.graph import build_graph as build_graph
    from panda_agent.investigator import Investigator as Investigator
    from panda_agent.investigator import ainvestigate as ainvestigate
    from panda_agent.investigator import investigate as investigate
    from panda_agent.settings import Settings as Settings
    from panda_agent.types import Evidence as Evidence
    from panda_agent.types import Verdict as Verdict

_HOME = {
    "CaseFile": "panda_agent.case_file",
    "Evidence": "panda_agent.types",
    "Investigator": "panda_agent.investigator",
    "Settings": "panda_agent.settings",
    "Verdict": "panda_agent.types",
    "ainvestigate": "panda_agent.investigator",
    "build_graph": "panda_agent.graph",
    "investigate": "panda_agent.investigator",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing the package stays cheap."""
    if name not in _HOME:
        raise AttributeError(f"module 'panda_agent' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
