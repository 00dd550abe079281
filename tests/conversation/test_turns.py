"""Each turn: what it answers, what it keeps, and what it leaves alone."""

from __future__ import annotations

import pytest

from panda_agent import Investigator
from panda_agent.conversation import Conversation
from panda_agent.conversation.compare import moved
from panda_agent.errors import CaseNotFound, StoreError, UserError
from panda_agent.memory.camera import CameraMemory
from panda_agent.memory.lock import working_on
from panda_agent.memory.versions import Version
from panda_agent.types import Zone

from .conftest import PACK, frames, grab, thrash


def text(reply) -> str:
    return "\n".join(reply.lines)


def test_why_names_rules_weights_and_evidence(talk, thrashing):
    reply = talk.say("why 3s")
    assert 'At 0:03.0 "Fight" is believed with 0.83; the line is at 0.50.' in text(reply)
    assert f"  for     +4.5 fight.energy@1: Agitated motion, energy 2. [{thrashing}]" in reply.lines
    assert reply.cites == (thrashing,)


def test_why_without_a_time_is_about_the_strongest_moment(talk):
    assert talk.say("why").lines[0].startswith('At 0:02.0 "Fight" is believed')


def test_why_tells_of_a_normal_moment_what_nearly_fired(talk):
    reply = talk.say("why not 8.5")
    assert "nothing reaches the line" in text(reply) or "no rule speaks" in text(reply)
    assert "nearly for fight.energy@1: energy is 0.6, needs >= 1" in text(reply)
    assert "nearly against fight.calm@1: energy is 0.6, needs <= 0.2" in text(reply)


def test_why_says_where_nothing_is_and_where_the_video_ends(talk):
    assert "none has evidence at this moment" in text(talk.say("why 11s"))
    late = talk.say("why 5:00")
    assert late.puzzled
    assert late.lines == ("The video ends at 0:12.0.",)


def test_what_if_a_rule_were_off(talk, version):
    reply = talk.say("what if fight.energy off")
    assert "anomalous 0.80 (Fight at 0:02.0–0:04.9) → normal 0.95" in reply.lines[0]
    assert "  belief fight: 0.83 (supported) → 0.05 (refuted)" in reply.lines
    assert reply.lines[-1] == "Nothing was kept."
    assert version().label == "anomalous"
    assert len(talk.docket.case.store.versions()) == 1


def test_what_if_rules_asked_for_another_number(talk):
    assert "→ normal" in talk.say("what if energy >= 3").lines[0]
    assert "and 1 more" in talk.say("what if thrash energy >= 0.5").lines[0]
    with pytest.raises(UserError, match="No rule of the case would ask for anything else by grab energy >= 3"):
        talk.say("what if grab energy >= 3")


def test_what_if_the_line_were_higher(talk):
    assert "→ normal" in talk.say("what if threshold >= 0.9").lines[0]
    with pytest.raises(UserError, match="a belief between 0 and 1"):
        talk.say("what if threshold >= 2")


def test_what_if_there_were_one_more_rule(talk, tmp_path):
    assert "nothing would move" in talk.say("what if theft when thrash energy >= 9").lines[0]
    reply = talk.say("what if theft when thrash energy >= 0.5 and energy < 1 weight 5")
    assert "new span theft: 0:08.0" in text(reply)
    (tmp_path / "one.yaml").write_text(
        "{id: mine, event_type: theft, when: [{kind: thrash}], weight: 5, question: So, explanation: So.}"
    )
    assert "With mine" in talk.say(f"what if {tmp_path / 'one.yaml'}").lines[0]


def test_without_a_row_says_what_would_move_and_keeps_nothing(talk, thrashing, version):
    reply = talk.say(f"without {thrashing[:6]}")
    assert reply.lines[0].startswith(f"Without {thrashing}: anomalous")
    assert "→ normal" in reply.lines[0]
    assert version().label == "anomalous"


def test_show_tells_a_row_and_a_rule(talk, thrashing):
    row = text(talk.say(f"show {thrashing}"))
    assert "  energy 2" in row
    assert "  where 0.70,0.40 to 0.90,0.60 of the picture" in row
    assert "  moves fight by +4.5 (fight.energy@1)" in row
    assert "when thrash: energy >= 1" in text(talk.say("show fight.energy"))
    with pytest.raises(UserError, match="There is no row of evidence, and no rule, 'e00'"):
        talk.say("show e00")


def test_a_fact_is_evidence_of_its_own_kind_and_makes_version_2(talk, version):
    reply = talk.say("I know that is the night guard")
    assert reply.version == 2
    assert '  fight.explained@1 moves fight by -4.5: A person says: "that is the night guard"' in reply.lines
    (fact,) = (row for row in version(2).evidence_rows if row.kind == "human")
    assert (fact.family, fact.data["side"], fact.cite) == ("human", "refutes", reply.cites[0])
    assert (version(1).label, version(2).label, version().label) == ("anomalous", "normal", "normal")
    assert [line.rule for line in version(2).trace if fact.cite in line.evidence and line.outcome == "fired"] == [
        "fight.explained@1"
    ]
    assert version(2).provenance["revised"] == {"version": 2, "filed": [fact.cite], "rules": []}
    assert "revised" not in version(1).provenance
    (change,) = talk.docket.case.store.versions()[1:]
    assert (change.number, change.cause, change.filed) == (2, "I know that is the night guard", (fact.cite,))


def test_a_fact_that_agrees_is_a_second_source(talk, version):
    talk.say("I know they were fighting")
    assert version(2).label == "anomalous"
    assert version(2).confidence > version(1).confidence


def test_a_fact_that_could_mean_both_is_asked_back(talk, version):
    reply = talk.say("I know the guard was in a fight")
    assert reply.puzzled
    assert "Say `I know it is so: the guard was in a fight`" in text(reply)
    assert talk.say("I know it is not so: the guard was in a fight").version == 2
    assert version().label == "normal"


def test_an_innocent_explanation_names_the_event_and_still_speaks_against_it(talk, version):
    assert talk.say("I know the fight was staged").version == 2
    assert version().label == "normal"


def test_a_fact_without_a_time_is_asked_which_of_two_spans_it_is_about(finished):
    investigator, _ = finished(thrash(1.0, 2.0, 2.0), thrash(8.0, 9.0, 2.0))
    with Conversation(investigator, "yard") as talk:
        assert talk.say("I know that is the guard").puzzled
        assert talk.say("I know that is the guard at 0:08.5").version == 2
        assert [span.start for span in talk.docket.verdict.spans] == [1.0]
        assert talk.say("false alarm").version == 3
        assert talk.docket.verdict.label == "normal"


def test_an_explanation_is_against_all_that_is_believed_of_that_time(finished):
    investigator, _ = finished(thrash(2.0, 4.0, 2.0), grab(2.0, 4.0))
    with Conversation(investigator, "yard") as talk:
        assert len(talk.docket.verdict.spans) == 1  # two names for one stretch
        reply = talk.say("I know that is the guard")
        assert len(reply.cites) == 2
        assert talk.docket.verdict.label == "normal"


def test_a_doubt_is_a_note_and_moves_nothing(talk, version):
    reply = talk.say("I know maybe it rained")
    assert reply.version is None
    assert "as a note, which moves no belief" in text(reply)
    assert version(2) is None


def test_which_of_two_events_a_fact_is_about_is_asked(finished):
    investigator, _ = finished(thrash(1.0, 2.0, 2.0), grab(8.0, 9.0))
    with Conversation(investigator, "yard") as talk:
        reply = talk.say("I know that is the guard")
        assert reply.puzzled
        assert "Which of these is that about: fight 0:01.0" in text(reply)
        assert talk.say("I know that is the guard at 0:08.5").version == 2
        assert [span.event_type for span in talk.docket.verdict.spans] == ["fight"]
        assert talk.say("I know the theft was at 0:08.5, I know it is so").puzzled is False


def test_what_was_not_found_can_be_told(finished):
    investigator, _ = finished(thrash(1.0, 2.0, 0.5))
    with Conversation(investigator, "yard") as talk:
        assert talk.say("I know there was a theft").puzzled
        assert talk.say("I know there was a theft from 0:03 to 0:05").version == 2
        assert talk.docket.verdict.spans[0].event_type == "theft"


def test_where_the_pack_hears_nobody_a_fact_moves_nothing_and_that_is_said(settings, finished):
    (settings.home / "pack.yaml").write_text(PACK)
    investigator, _ = finished()
    with Conversation(investigator, "yard") as talk:
        assert "has no rule about what people tell; include `common` in it." in text(
            talk.say("I know that is the guard")
        )


def test_undo_takes_back_the_last_change_and_keeps_every_version(talk, version):
    assert talk.say("undo").lines == ("There is nothing to take back.",)
    fact = talk.say("I know that is the night guard")
    assert talk.say("undo").version == 3
    assert version().label == "anomalous"
    assert moved(version(1), version(3)) == []
    assert "taken back: the verdict leaves it out" in text(talk.say(f"show {fact.cites[0]}"))
    assert talk.say("I know that is the night guard").version == 4
    assert version().label == "normal"
    assert talk.say("undo").version == 5
    assert talk.say("undo").lines == ("There is nothing to take back.",)


def test_added_rules_count_from_then_on_and_undo_removes_them(talk, version):
    reply = talk.say("add rule theft when thrash energy < 1 weight 5")
    assert reply.version == 2
    assert {span.event_type for span in version().spans} == {"fight", "theft"}
    assert version(2).provenance["revised"]["rules"] == [talk.docket.plan.rules[-1].id]
    assert talk.say("I know that is the guard at 0:03").version == 3
    assert [span.event_type for span in version().spans] == ["theft"]
    talk.say("undo")
    talk.say("undo")
    assert moved(version(1), version(5)) == []
    assert [rule.id for rule in talk.docket.plan.rules if rule.id.startswith("said.")] == []


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("brawl when thrash energy > 1", "There is no event type 'brawl'"),
        ("fight when nonsense energy > 1", "evidence of kind 'nonsense', which no tool makes"),
        ("fight when thrash speed > 1", "thrash.speed, which no tool measures"),
        ("fight when thrash energy > 1 weight 9", "wrong at weight"),
        ("fight when thrash is bad", "is no rule"),
        ("missing.yaml", "There is no file of rules"),
    ],
)
def test_a_rule_that_could_never_count_is_refused(talk, version, rule, why):
    with pytest.raises(UserError, match=why):
        talk.say(f"add rule {rule}")
    assert version(2) is None


def test_a_false_alarm_refutes_and_is_marked_for_the_camera(finished, settings):
    investigator, _ = finished(camera="gate")
    with Conversation(investigator, "yard") as talk:
        reply = talk.say("false alarm 0:02 to 0:04")
        memory = CameraMemory.of(settings.root, "gate")
        (mark,) = memory.marks()
        assert (mark.event, mark.case_id) == ("fight", "yard")
        assert f"Marked as normal for the camera 'gate', for later cases: {mark.id}." in reply.lines
        assert talk.docket.verdict.label == "normal"
        assert memory.cases()[0].label == "normal"
        talk.say("undo")
        assert memory.marks() == []
        assert talk.docket.verdict.label == "anomalous"


def test_a_false_alarm_where_nothing_was_found(talk):
    assert talk.say("false alarm 0:09").lines == ("Nothing was found at 0:09.0 that could be a false alarm.",)


def test_looking_again_files_evidence_and_counts_against_the_budget(finished, settings):
    budget = settings.budget.model_copy(update={"looks": 1})
    investigator, _ = finished(budget=budget)
    with Conversation(investigator, "yard") as talk:
        reply = talk.say("look at right from 0:02 to 0:04 zoomed")
        rows = [talk.docket.case.store.get(cite) for cite in reply.cites]
        assert {row.tool for row in rows} == {"zoom@1"}
        assert "second_look" not in {row.kind for row in rows}  # what was in doubt, this tool can't see
        assert talk.say("look at right").lines == ("No: budget: 1 second looks are used up.",)


def test_a_look_elsewhere_does_not_weaken_what_was_seen(talk):
    reply = talk.say("look at top left from 0:02 to 0:04 zoomed")
    assert reply.version is None
    assert "second_look" not in {talk.docket.case.store.get(cite).kind for cite in reply.cites}


def test_zones_are_words_numbers_or_the_case_s_own(talk, settings):
    from panda_agent.conversation.looks import region_of

    gate = Zone(name="Gate", points=((0.1, 0.1), (0.3, 0.1), (0.2, 0.4)))
    assert region_of("the gate", [gate]).model_dump() == {"x0": 0.1, "y0": 0.1, "x1": 0.3, "y1": 0.4}
    assert region_of("top right corner", []).center == pytest.approx((5 / 6, 1 / 6))
    assert region_of("0.1,0.2,0.5,0.6", []).area == pytest.approx(0.16)
    assert region_of("everything", []) is None
    for wrong in ("left right", "the moon", "0.5,0.2,0.1,0.6", "1,2,3,4"):
        with pytest.raises(UserError):
            region_of(wrong, [gate])


def test_nothing_is_kept_where_the_version_does_not_follow(talk, thrashing):
    store = talk.docket.case.store
    row = store.get(thrashing).model_copy(update={"id": "enew"})
    with pytest.raises(StoreError):
        store.keep_turn("talk 1", {}, rows=[row], revised=(talk.docket.verdict, Version(number=5)))
    assert store.get("enew") is None
    assert not [one for one in store.log_rows() if one.step.startswith("talk")]


def test_a_case_that_is_worked_on_elsewhere_can_be_asked_but_not_changed(talk):
    with working_on(talk.docket.case.folder):
        assert talk.say("why 3s").lines
        with pytest.raises(UserError, match="is being worked on"):
            talk.say("I know that is the guard")


def test_the_conversation_goes_on_in_another_process(talk, finished, settings):
    talk.say("I know that is the night guard")
    talk.close()
    with Conversation(Investigator(settings, tools=[type(finished(case="other")[1])()]), "yard") as later:
        assert later.say("verdict").lines[0] == "Version 2 of 2, by I know that is the night guard."
        assert later.say("verdict 1").lines[0] == "Version 1 of 2, by the investigation."
        assert later.say("undo").version == 3


def test_open_and_unknown_cases_are_refused(settings, finished):
    with pytest.raises(CaseNotFound):
        Conversation(Investigator(settings), "nowhere")
    investigator, tool = finished()
    investigator.open(frames(), case_id="open")
    with pytest.raises(UserError, match="has no verdict yet"):
        Conversation(investigator, "open").say("why")
    assert tool.runs == 1
