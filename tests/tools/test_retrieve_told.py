"""The same call without CLIP weights: answered by what was told of the video, and said so."""

from __future__ import annotations

import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.errors import ToolError
from panda_agent.settings import Settings
from panda_agent.tools import Scope, Toolbox, file_observation
from panda_agent.tools.retrieve_frames import RetrieveFrames, RetrieveInput
from panda_agent.types import Evidence, TimeSpan
from panda_agent.video import VideoReader
from panda_agent.video.footage import RecordedVideo


def told(kind, start, end, statement, **data):
    return Evidence(
        id=f"{kind[0]}{start}",
        kind=kind,
        span=TimeSpan(start=start, end=end),
        statement=statement,
        data=data,
        tool="teller@1",
    )


ROWS = [
    told("caption", 0, 2, "A yard.", told="A yard. Two people walk. Bicycles are parked at the wall."),
    told("caption", 2, 4, "A yard.", told="A person is riding a bicycle. Somebody pushes a cart."),
    told("caption", 4, 5, "A yard.", told="A man rides a bike through the yard."),
    told("track", 0, 5, "A thing goes right, and stops.", track=1),
    told("object", 1, 3, "A dog: goes left at 2.0 bodies a second.", track=2),
    told("object", 2, 5, "A dog: goes right at 1.0 bodies a second.", track=3),
    told("answer", 2, 4, 'Asked "people are fighting" the model says no: they walk.', answer="no"),
    told("knowledge", 0, 0, "The rules say: somebody steals a handbag."),
    told("caption", 5, 6, "A yard.", told="Possibly somebody is running."),
]


@pytest.fixture
def ask(film, tmp_path):
    """Ask about the yard of six seconds."""

    def call(reader=None, span=None, rows=ROWS, **wish):
        def filed(span=None):
            return [row for row in rows if span is None or row.span.touches(span)]

        settings = Settings(home=tmp_path, tier="bare")
        wanted = Scope(reader or VideoReader(film), settings, tmp_path, RetrieveInput(**wish), span, filed=filed)
        return list(RetrieveFrames(HashEmbedder()).run(wanted)), wanted

    return call


def test_what_was_told_answers_and_it_says_so(ask):
    (row,), scope = ask(text="people riding bicycles")
    assert (row.span.start, row.span.end) == (2, 5)
    assert row.data["index"] == "sentences"
    assert row.data["of"] == ["c2", "c4"]
    assert row.data["doubtful"] is False
    assert row.family == "recall"
    assert "Pictures were not searched: there are no CLIP weights." in row.statement
    assert '"A person is riding a bicycle."' in row.statement
    assert file_observation(RetrieveFrames.spec, scope, row).family == "recall"


def test_things_that_were_tracked_each_have_their_own_row(ask):
    rows, _ = ask(text="a dog")
    assert sorted((row.span.start, row.span.end) for row in rows) == [(1, 3), (2, 5)]
    assert [row.data["of"] for row in rows] == [["o1"], ["o2"]]
    assert len(ask(text="a dog", top=1)[0]) == 1


def test_doubt_is_told(ask):
    (row,), _ = ask(text="somebody running")
    assert row.data["doubtful"] is True
    assert "it is told, with doubt:" in row.statement


@pytest.mark.parametrize(
    "text",
    [
        "a submarine",
        "people fighting",
        "somebody stealing a handbag",
        "a dog riding a bicycle",
        "a bicycle pushing a cart",
    ],
)
def test_nothing_like_that_is_an_answer_too(ask, text):
    """Also where the words stand in a question that was asked, in a rule, or about somebody else."""
    (row,), _ = ask(text=text)
    assert row.data["found"] is False
    assert row.statement.startswith(f'Nothing that was told says "{text}"; nearest is "')
    assert {"similarity", "margin", "sentence", "why"} <= {*row.data}
    assert (row.span.start, row.span.end) == (0, 6)


def test_only_the_stretch_that_was_asked_about_is_searched(ask):
    (row,), _ = ask(text="people riding bicycles", span=TimeSpan(start=5.5, end=6))
    assert row.data["found"] is False
    assert (row.span.start, row.span.end) == (5.5, 6)


def test_a_recording_is_searched_by_sentences_whatever_weights_there_are(ask, film):
    reader = VideoReader(film)
    for _ in reader.frames():
        pass
    (row,), _ = ask(reader=RecordedVideo(reader.info, reader.report), text="a person riding a bicycle")
    assert row.data["why"] == "a recording holds no pictures."


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"text": "a dog", "rows": []}, "Nothing was told of this video yet, and there are no CLIP weights."),
        ({"text": "no dog"}, "what is not there"),
        ({"like": 2.0}, "Pictures can't be compared: there are no CLIP weights."),
        ({"evidence": "c2"}, "Pictures can't be compared: there are no CLIP weights."),
    ],
)
def test_what_sentences_can_not_answer_is_said(ask, wish, says):
    with pytest.raises(ToolError, match=says):
        ask(**wish)


def test_text_from_outside_stays_in_its_quotes(ask):
    (row,), _ = ask(text='"; DROP\n TABLE {frames} %s <b>')
    assert "\n" not in row.statement
    assert row.data["text"] == '"; DROP\n TABLE {frames} %s <b>'


def test_loose_names_lead_to_it():
    box = Toolbox([RetrieveFrames(HashEmbedder())])
    for name in ("image retrieval", "Image-Retrieve", "CLIP search", "retrieve"):
        assert box[name].spec.name == "retrieve_frames"


def test_nothing_asked_is_nothing_answered(ask):
    assert ask()[0] == []
