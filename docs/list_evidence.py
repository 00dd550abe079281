"""Writes the table of evidence kinds into docs/evidence.md, from what the tools say they make.

    python docs/list_evidence.py

tests/test_docs.py fails when the table is older than the tools.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from panda_agent.equipment import Equipment
from panda_agent.memory.camera_rows import CameraSnapshot
from panda_agent.nodes.perceive import COVERAGE
from panda_agent.perception.objects import Objects
from panda_agent.prompts.prompt_packs import load_prompts
from panda_agent.tools import default_tools
from panda_agent.tools.filters import FILTERS
from panda_agent.tools.hear_person import HearPerson
from panda_agent.tools.import_scores import ImportScores
from panda_agent.tools.recall_camera import RecallCamera
from panda_agent.tools.web_search import WebSearch

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "evidence.md"
START, END = "<!-- kinds -->", "<!-- /kinds -->"
ABOUT = {
    "answer": "what a model, or a person, says when asked which of two explanations is true",
    "agitation": "violent motion that stays in one place",
    "blind": "a stretch without a picture",
    "brightness_jump": "the light goes on or off",
    "camera_black": "the picture is black",
    "camera_blurred": "the picture lost its detail",
    "camera_covered": "something hides the view",
    "camera_cut": "another view from one frame to the next",
    "camera_frozen": "the picture stands still though time goes on",
    "camera_moved": "the view shifted for good",
    "camera_moving": "the camera pans or shakes",
    "caption": "what a model describes, blind to what is suspected",
    "comparison": "how a clip differs from the rest of the video",
    "convergence": "many move towards one place",
    "crowd": "how many things are there, and how they move",
    "dispersal": "many move away from one place",
    "enhanced": "a clip made easier to see, and whether that helped",
    "facts": "a clip in words, from what was measured",
    "fall": "a body sinks to the ground",
    "fastest": "how fast the fastest thing goes, against what is usual in the video",
    "flash": "something lights up for a moment",
    "flicker": "a warm bright spot that changes as flames do",
    "growth": "something spreads and hides what is behind it",
    "kept_pace": "the fastest thing stays above what is usual for seconds on end",
    "known_normal": "a row that is like what a person marked as normal for this camera",
    "human": "what a person told in a conversation about the case",
    "knowledge": "a rule, or the verdict of an earlier case, that is near to a text",
    "left_object": "something new stands there",
    "line_crossing": "an object crosses a line of --zones",
    "normality": "how far motion strays from normal life, over the whole video",
    "object": "a thing that a detector names, and its way, compared with the others",
    "object_stop": "such a thing stops hard",
    "quick": "something outpaces all others where it passes",
    "removed_object": "something that stood there is gone",
    "retrieval": "a moment that is like a text or another moment, or that there is none",
    "scene": "light, quality and traffic of the whole video",
    "score": "what another system says over time",
    "second_look": "whether a second look saw a finding again",
    "silence": "nothing is heard",
    "sound": "how loud it is, over the whole video",
    "sound_onset": "it gets loud at once",
    "stop": "an object stops hard",
    "text": "writing in the picture, quoted",
    "track": "an object and its way through the picture, compared with the others",
    "unanswered": "a clip that the model did not describe, or a question that it did not answer, and why",
    "unusual": "a stretch that normal life does not explain",
    "web": "what a web page says",
    "zone_visit": "an object stays in an area of --zones",
}


def table() -> str:
    """The rows, by name of the kind."""
    rows = [
        f"| `{kind}` | {ABOUT.get(kind, '')} | {', '.join(f'`{field}`' for field in fields)} | {_link(source)} |"
        for kind, fields, source in sorted(_kinds())
    ]
    return "\n".join(["| kind | what it is | fields of its data | made by |", "|---|---|---|---|", *rows])


def _kinds() -> Iterator[tuple[str, tuple[str, ...], str]]:
    for one in (*FILTERS, Objects):
        for kind, fields in one.makes.items():
            yield kind, fields, _file(one)
    for kind, fields in COVERAGE.makes.items():
        yield kind, fields, "panda_agent/nodes/perceive.py"
    told = {kind for one in (*FILTERS, Objects) for kind in one.makes}
    everything = Equipment(prompts=load_prompts("default"), person=True)
    others = (HearPerson(), ImportScores(Path("scores.npy")), WebSearch(lambda query, count: ()))
    for tool in (*default_tools(everything), *others, RecallCamera(CameraSnapshot(name="any"))):
        for kind, fields in tool.spec.makes.items():
            if kind not in told:
                told.add(kind)
                yield kind, fields, _file(type(tool))


def _file(one: type) -> str:
    return str(Path(inspect.getfile(one)).resolve().relative_to(ROOT))


def _link(path: str) -> str:
    return f"[{Path(path).stem}](../{path})"


def page() -> str:
    """The page with its table as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{before}{START}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
