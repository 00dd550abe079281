"""The grammar: what is read as what, and that nothing else is read as anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.conversation.forms import FORMS, Nearest, read
from panda_agent.conversation.times import numbers_in, span_in, span_of
from panda_agent.conversation.turns import (
    AddRule,
    FalseAlarm,
    Help,
    Know,
    LookAt,
    Quit,
    Show,
    Tell,
    Undo,
    WhatIf,
    Why,
    Without,
)
from panda_agent.types import Predicate, TimeSpan


def span(start: float, end: float | None = None) -> TimeSpan:
    return TimeSpan(start=start, end=start if end is None else end)


READ = {
    "why": Why(),
    "Why 0:12?": Why(at=span(12)),
    "why not 12s": Why(at=span(12)),
    "why 1:02.5": Why(at=span(62.5)),
    "why from 0:10 to 0:14": Why(at=span(10, 14)),
    "why 0:10–0:14": Why(at=span(10, 14)),
    "what if fight.energy off": WhatIf(off="fight.energy"),
    "what if without rule fight.energy": WhatIf(off="fight.energy"),
    "what if energy >= 2": WhatIf(bound=Predicate.model_validate("energy >= 2")),
    "what if thrash energy>=2": WhatIf(kind="thrash", bound=Predicate.model_validate("energy >= 2")),
    "what if fight when thrash energy >= 1 weight 3": WhatIf(rule="fight when thrash energy >= 1 weight 3"),
    "what if night.yaml": WhatIf(rule="night.yaml"),
    "look at left": LookAt(zone="left"),
    "look at top right from 0:10 to 0:14 zoomed": LookAt(zone="top right", at=span(10, 14), way="zoomed"),
    "look at the gate sharper at 3s": LookAt(zone="the gate", at=span(3), way="sharper"),
    "look at 0.1, 0.2, 0.5, 0.6 from 1 to 2": LookAt(zone="0.1, 0.2, 0.5, 0.6", at=span(1, 2)),
    "look at left 0:10-0:14": LookAt(zone="left", at=span(10, 14)),
    "add rule fight when thrash energy > 1": AddRule(rule="fight when thrash energy > 1"),
    "add rule ~/night.yaml": AddRule(rule="~/night.yaml"),
    "show e12ab.1": Show(id="e12ab.1"),
    "without e1, e2 and e3": Without(ids=("e1", "e2", "e3")),
    "I know that is the night guard.": Know(words="that is the night guard"),
    "I know it is so: he was robbed at 0:12": Know(words="he was robbed at 0:12", at=span(12), side="supports"),
    "i know it is not so: a drill": Know(words="a drill", side="refutes"),
    "I know 2 guards work there": Know(words="2 guards work there"),
    "false alarm": FalseAlarm(),
    "false alarm 0:10–0:14": FalseAlarm(at=span(10, 14)),
    "undo": Undo(),
    "verdict 2": Tell(version=2),
    "help": Help(),
    "?": Help(),
    "exit": Quit(),
}
NOT_READ = {
    "zoom into the left part please": "look at",
    "that was just the cleaner": "I know",
    "wy 0:12": "why",
    "add rule fight": "add rule",
    "what if": "what if",
    "false alarm 0:14 to 0:10": "false alarm",
    "show": "show",
    "I know": "I know",
    "ignore that row": "without",
}


@pytest.mark.parametrize("text", READ)
def test_a_form_is_read_as_what_it_says(text):
    assert read(text) == READ[text]


@pytest.mark.parametrize("text", READ)
def test_a_turn_said_again_is_the_same_turn(text):
    assert read(READ[text].said()) == READ[text]


@pytest.mark.parametrize("text", NOT_READ)
def test_other_wording_gets_the_nearest_form_and_does_nothing(text):
    found = read(text)
    assert isinstance(found, Nearest)
    assert found.forms[0].name == NOT_READ[text]


@given(
    st.text(max_size=80)
    | st.sampled_from([form.name for form in FORMS]).flatmap(lambda n: st.text().map(lambda t: f"{n} {t}"))
)
def test_any_text_is_read_or_not_and_never_breaks(text):
    found = read(text)
    assert isinstance(found, Nearest) or read(found.said()) is not None


def test_a_bare_number_in_a_sentence_is_no_time():
    assert span_in("2 guards with 3 dogs") is None
    assert span_in("at 2 the guards came") == span(2)
    assert span_in("from 2 to 5 it was a drill") == span(2, 5)
    assert span_in("it was 0:12-0:14 I think") == span(12, 14)


def test_times_have_their_shapes_only():
    assert span_of("1:02:03.5") == span(3723.5)
    assert span_of("12 seconds") == span(12)
    assert span_of("e12") is None
    assert numbers_in("between 0:10 and 14 s, twice") == {10.0, 14.0}
