"""A model that describes and answers, online: clip by clip, by what was there at the end of each."""

from __future__ import annotations

import pytest

from panda_agent.backends import FakeServer, Script
from tests.graph.test_model_tier import CALM, FIGHT, NO, SEES, YES, caption, question
from tests.online.cases import investigated, last, same
from tests.online.conftest import prefix

RULES = {stage: "rules" for stage in ("perceive", "plan", "judge", "reflect", "conclude")}
PREFIXES = (2.7, 4.4, 6.1, 8.0, 12.2)


def case(frames, home, *answers, **more):
    """A case with a model that gives these answers."""
    with FakeServer(Script.model_validate({"rules": [SEES, *answers]})) as server:
        model = {"base_url": server.base_url, "frames": 3, "timeout": 5.0}
        done = investigated(frames, home, model=model, agent=RULES, **more)
        asked = [seen.purpose for seen in server.asked if seen.purpose != "probe"]
    return done, asked


def without_calls(done):
    """The same without what names a call: the ledger numbers those of each home for itself."""
    verdict, judgements, rows = done
    return verdict, judgements, [row.model_copy(update={"call_id": None}) for row in rows]


@pytest.mark.parametrize("told", [CALM, FIGHT], ids=["calm", "fight"])
def test_descriptions_and_answers_follow_the_clips(film, home, told):
    answers = caption(told), question(YES if told is FIGHT else NO)
    whole, asked = case(film, home / "whole", *answers)
    captions = [row for row in whole[2] if row.kind == "caption"]
    assert [row.known_at for row in captions] == pytest.approx([2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 13.0])
    assert asked[0] == "caption"
    if told is FIGHT:
        assert asked[:2] == ["caption", "question"]  # in doubt, a clip is asked about before the next one is there
        assert whole[0].event_type == "fight"
    for end in PREFIXES:
        part = prefix(film, end)
        done, _ = case(part, home / str(end), *answers)
        assert same(without_calls(whole), without_calls(done), last(part))


def test_a_description_counts_from_the_end_of_its_clip(film, home):
    calm, _ = case(film[:50], home / "calm", caption(CALM), question(NO))
    fight, _ = case(
        film[:50], home / "fight", {"when": {"purpose": "caption", "nth": [1]}, "json": FIGHT}, caption(CALM)
    )
    scores = [{point.t: point.score for point in done[0].score_timeline} for done in (calm, fight)]
    both = sorted(set(scores[0]) & set(scores[1]))
    assert all(scores[0][t] == scores[1][t] for t in both if t < 2.0)
    assert any(scores[0][t] < scores[1][t] for t in both if 2.0 <= t < 3.0)


def test_what_later_clips_cost_takes_nothing_from_an_earlier_one(film, home):
    """Descriptions have half of the budget: of four calls, two clips are described, and the rest is for questions."""
    whole, asked = case(film, home / "whole", caption(CALM), question(NO), budget={"calls": 4})
    assert asked.count("caption") == 2
    part = prefix(film, 6.1)
    done, _ = case(part, home / "part", caption(CALM), question(NO), budget={"calls": 4})
    assert same(without_calls(whole), without_calls(done), last(part))
