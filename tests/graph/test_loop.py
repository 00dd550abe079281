"""The loop with a scripted sense: what the nodes do with evidence, without torch."""

import asyncio
import threading

import av
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from panda_agent import Investigator, Verdict, build_graph
from panda_agent.errors import CaseNotFound, CasePaused, ToolError, UserError
from panda_agent.perception.observation import Observation
from panda_agent.settings import load_settings
from panda_agent.tools import ToolSpec
from panda_agent.types import BeliefMoved, Judged, Region, TimeSpan
from tests.made_up import frames

PACK = """
id: test
version: 1
title: for tests
scenes: [street]
event_types:
  - {id: fight, title: Fight, statement: People fight., benign: They play.,
     severity: high, prior: 0.05, keywords: [fight]}
  - {id: fall, title: Fall, statement: Someone falls., benign: They sit down.,
     severity: medium, prior: 0.05, keywords: [fall]}
rules:
  - id: fight.energy
    event_type: fight
    when: [{kind: agitation, where: ["energy >= 1"]}]
    strength: {field: energy, low: 0, high: 4}
    weight: 6.0
    question: Is it a fight?
    explanation: "Agitated motion, energy {energy}."
    fires: [{kind: agitation, at: [0, 1], energy: 3}]
    must_not: [{kind: agitation, at: [0, 1], energy: 0.5}]
  - id: fall.drop
    event_type: fall
    when: [{kind: agitation, where: ["drop >= 1"]}]
    weight: 5.0
    question: Is it a fall?
    explanation: "Something drops by {drop} body heights."
    fires: [{kind: agitation, at: [0, 1], drop: 3}]
    must_not: [{kind: agitation, at: [0, 1], drop: 0.5}]
"""
MAKES = {"agitation": ("energy", "drop"), "second_look": ("of", "found", "tool", "kinds", "watched")}


class Script:
    """A sense that sees what it is told to see."""

    def __init__(self, *seen, name="observe_motion", stage="overview", again=None):
        self.spec = ToolSpec(name=name, about="scripted", family="motion", stage=stage, makes=MAKES)
        self.seen, self.again, self.runs = seen, again, 0

    def run(self, scope):
        self.runs += 1
        for frame in scope.reader.frames(span=scope.span):
            scope.check()
            scope.progress(frame.time, None)
        yield from self.seen
        if self.again is not None:
            for row in scope.about if self.again else ():
                yield Observation(row.kind, row.span, "seen again", row.data, row.region)
            yield Observation(
                "second_look",
                scope.span,
                "again",
                {"of": [r.cite for r in scope.about], "found": self.again, "watched": ["agitation"]},
            )


def agitation(start, end, **data):
    return Observation(
        "agitation", TimeSpan(start=start, end=end), "agitated", data, Region(x0=0, y0=0, x1=0.2, y1=0.2)
    )


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK)
    return load_settings(rules=str(tmp_path / "pack.yaml"))


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "noise.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _, image in frames():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


def looks(again=None):
    names = ("look_faster", "look_sharper", "zoom", "brighten", "denoise")
    return [Script(name=name, stage="second look", again=again) for name in names]


def investigate(settings, *seen, again=None, **request):
    return Investigator(settings, tools=[Script(*seen), *looks(again)]).investigate(frames(), **request)


def test_nothing_seen_is_normal_and_says_what_was_looked_for(settings):
    verdict = investigate(settings)
    assert (verdict.label, verdict.spans, verdict.event_type) == ("normal", (), None)
    assert "2 event types" in verdict.basis
    assert {one.statement for one in verdict.rejected_alternatives} == {"People fight.", "Someone falls."}


def test_strong_evidence_is_anomalous_with_a_cited_claim_and_the_rejected_twin(settings):
    verdict = investigate(settings, agitation(2, 4, energy=3.9))
    assert (verdict.label, verdict.event_type, verdict.severity) == ("anomalous", "fight", "high")
    assert verdict.spans[0].start == pytest.approx(2.0, abs=0.2)
    claim = verdict.explanation[0]
    assert claim.text == "Agitated motion, energy 3.9."
    assert [row.id for row in verdict.evidence(kind="agitation")] == list(claim.cites)
    assert verdict.rejected_alternatives[0].statement == "They play."
    assert verdict.confidence == 0.8
    assert any("One kind of source" in warning for warning in verdict.warnings)


def test_an_unclear_clip_is_looked_at_again_and_doubt_lowers_it(settings):
    unclear = agitation(2, 3, energy=2.2)
    doubted, seen_again = investigate(settings, unclear, again=False), investigate(settings, unclear, again=True)
    assert doubted.label == "normal"
    assert doubted.cost.looks == 1
    assert any(one.changed for one in doubted.judgements)
    assert seen_again.cost.looks == 3


def test_the_budget_of_second_looks_holds(settings):
    tight = settings.model_copy(update={"budget": settings.budget.model_copy(update={"looks": 1})})
    verdict = investigate(tight, agitation(2, 3, energy=2.2), again=True)
    assert verdict.cost.looks == 1
    assert verdict.label == "inconclusive"
    assert "second looks are used up" in verdict.abstained_because


def test_a_question_narrows_the_verdict_and_names_what_else_was_seen(settings):
    verdict = investigate(settings, agitation(2, 4, energy=4), question="Does anybody fall?")
    assert verdict.label == "normal"
    assert verdict.answer.startswith("No")
    assert any("Not asked about, but seen: Fight" in warning for warning in verdict.warnings)
    both = investigate(settings, agitation(2, 4, drop=2), question="Does anybody fall?")
    assert both.answer.startswith("Yes")


def test_a_tool_that_fails_is_missing_evidence_not_the_end(settings):
    class Broken(Script):
        def run(self, scope):
            raise ToolError("no microphone")
            yield

    inv = Investigator(settings, tools=[Script(), *looks(), Broken(name="ears")])
    verdict = inv.investigate(frames())
    assert any("no microphone" in warning for warning in verdict.warnings)


def test_the_stream_tells_the_story_in_order(settings):
    async def collect():
        inv = Investigator(settings, tools=[Script(agitation(2, 4, energy=4)), *looks()])
        return [event async for event in inv.stream(frames())]

    kinds = [event.type for event in asyncio.run(collect()) if event.type != "progress"]
    assert kinds[0] == "case_opened"
    assert set(kinds[1 : kinds.index("planned")]) == {"evidence_found"}
    assert kinds[-1] == "verdict_reached"
    assert "judged" in kinds


def test_a_finished_case_gives_its_verdict_again_without_looking(settings):
    script = Script(agitation(2, 4, energy=4))
    inv = Investigator(settings, tools=[script, *looks()])
    case_id = inv.open(frames(), case_id="night-7")
    first = asyncio.run(_verdict(inv.resume(case_id)))
    again = asyncio.run(_verdict(Investigator(settings, tools=[script, *looks()]).resume(case_id)))
    assert again == first
    assert script.runs == 1


def test_an_unknown_case_names_the_nearest(settings):
    inv = Investigator(settings, tools=[Script(), *looks()])
    inv.open(frames(), case_id="night-7")
    with pytest.raises(CaseNotFound, match="night-7"):
        asyncio.run(_verdict(inv.resume("nihgt-7")))


def test_an_id_can_t_leave_the_folder_of_cases(settings):
    with pytest.raises(UserError, match="is no case id"):
        Investigator(settings, tools=[Script()]).open(frames(), case_id="../x")


def test_a_paused_case_goes_on_to_the_same_verdict(settings, video):
    seen = agitation(2, 4, energy=4)
    whole = Investigator(settings, tools=[Script(seen), *looks()]).investigate(video)

    class Pausing(Script):
        def run(self, scope):
            inv.pause("c1")
            yield from super().run(scope)

    inv = Investigator(settings, tools=[Pausing(seen), *looks()])
    inv.open(video, case_id="c1")
    with pytest.raises(CasePaused, match="panda resume c1"):
        asyncio.run(_verdict(inv.resume("c1")))
    resumed = Investigator(settings, tools=[Script(seen), *looks()])
    assert asyncio.run(_verdict(resumed.resume("c1"))) == whole


def test_leaving_the_stream_early_leaves_a_case_that_can_be_resumed(settings, video):
    seen = agitation(2, 4, energy=4)

    async def leave():
        inv = Investigator(settings, tools=[Script(seen), *looks()])
        inv.open(video, case_id="c1")
        events = inv.resume("c1")
        async for event in events:
            if event.type == "planned":
                break
        await events.aclose()

    asyncio.run(leave())
    resumed = Investigator(settings, tools=[Script(seen), *looks()])
    assert asyncio.run(_verdict(resumed.resume("c1"))).label == "anomalous"


def test_works_inside_a_running_loop_and_from_threads(settings):
    async def inside():
        return investigate(settings, agitation(2, 4, energy=4))

    verdicts = [asyncio.run(inside())]
    threads = [
        threading.Thread(target=lambda: verdicts.append(investigate(settings, agitation(2, 4, energy=4)))) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(verdicts) == 3
    assert verdicts[0] == verdicts[1] == verdicts[2]


def test_an_iterator_that_was_cut_off_must_be_given_again(settings):
    seen = agitation(2, 4, energy=4)
    whole = investigate(settings, seen)

    class Pausing(Script):
        def run(self, scope):
            inv.pause("c1")
            yield from super().run(scope)

    inv = Investigator(settings, tools=[Pausing(seen), *looks()])
    inv.open(frames(), case_id="c1")
    with pytest.raises(CasePaused):
        asyncio.run(_verdict(inv.resume("c1")))
    resumed = Investigator(settings, tools=[Script(seen), *looks()])
    with pytest.raises(UserError, match="Give them again"):
        asyncio.run(_verdict(resumed.resume("c1")))
    assert asyncio.run(_verdict(resumed.resume("c1", frames()))) == whole


def test_a_clip_is_looked_at_again_at_most_so_many_rounds(settings):
    unclear = agitation(2, 3, energy=2.2)
    for rounds in (0, 1, 2):
        short = settings.model_copy(update={"loop": settings.loop.model_copy(update={"rounds": rounds})})
        assert investigate(short, unclear, again=True).cost.looks == rounds


def test_the_stream_tells_how_belief_moves(settings):
    inv = Investigator(settings, tools=[Script(agitation(2, 3, energy=2.2)), *looks(again=False)])

    async def watch():
        return [event async for event in inv.stream(frames()) if isinstance(event, BeliefMoved | Judged)]

    events = asyncio.run(watch())
    up, down = [event for event in events if isinstance(event, BeliefMoved)]
    scores = [one.judgement.score for one in events if isinstance(one, Judged) and one.judgement.about == "fight"]
    assert (up.hypothesis, up.before) == ("fight", 0.05)
    assert up.after == down.before == max(scores)
    assert down.after < up.after
    assert up.cites


class Parent(TypedDict, total=False):
    video: str
    case_id: str
    verdict: dict
    handled: bool


@pytest.mark.parametrize("sync", [True, False])
def test_mounted_in_a_parent_graph(settings, sync, shared):
    video = str(shared / "data" / "clips" / "SCFD_nofi007.mp4")
    graph = StateGraph(Parent)
    graph.add_node("watch", build_graph(settings, tools=[Script(agitation(1, 2, energy=4)), *looks()]))
    graph.add_node("handle", lambda state: {"handled": state["verdict"]["label"] == "anomalous"})
    graph.add_edge(START, "watch")
    graph.add_edge("watch", "handle")
    graph.add_edge("handle", END)
    app = graph.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    out = app.invoke({"video": video}, config) if sync else asyncio.run(app.ainvoke({"video": video}, config))
    assert out["handled"]
    assert Verdict.model_validate(out["verdict"]).label == "anomalous"
    assert out["case_id"].startswith("SCFD-nofi007-")


def test_the_next_video_on_a_parents_thread_is_a_case_of_its_own(settings, video, tmp_path):
    other = tmp_path / "other.mp4"
    other.write_bytes(video.read_bytes())
    graph = StateGraph(Parent)
    graph.add_node("watch", build_graph(settings, tools=[Script(agitation(1, 2, energy=4)), *looks()]))
    graph.add_edge(START, "watch")
    app = graph.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    first, second = (app.invoke({"video": str(path)}, config) for path in (video, other))
    assert first["case_id"].startswith("noise-")
    assert second["case_id"].startswith("other-")


async def _verdict(events):
    return [event async for event in events][-1].verdict
