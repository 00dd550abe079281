"""What was told, searched: sentences that say it, ones that only seem to, and judged answers over real captions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from panda_agent.embedders import EmbeddingCache, HashEmbedder, MiniLM
from panda_agent.errors import ToolError
from panda_agent.tools.grammar import read
from panda_agent.tools.text_retrieval import TextCorpus, TextRow, split_sentences
from panda_agent.tools.wording import says, wishes
from panda_agent.types import TimeSpan

JUDGED = json.loads((Path(__file__).parent / "data" / "shanghaitech_retrieval.json").read_text())
QUERIES = list(dict.fromkeys(hit["query"] for hit in JUDGED["hits"]))
ABSURD = [
    "a submarine",
    "a giraffe in a kitchen",
    "a surgeon operating on a patient",
    "a snow avalanche",
    "people swimming in a pool",
    "a dog riding a bicycle",
    "a fire",
    "a car parked on the roof",
    "a child driving a car",
    "a bench running away",
    "a bus on fire",
    "a wedding",
]
SEEMING = [
    "Bicycles are parked near the building, and one person is walking.",
    "One person is standing next to a bicycle.",
    "One person is walking with a bicycle, and the other is riding a scooter.",
    "No one is running or riding a bicycle.",
    "There is a yellow pipe running along the wall.",
    "There are no vehicles, dogs or umbrellas in the image.",
    "One person is holding a skateboard.",
    "One person is walking without an umbrella.",
    "There is a fire hydrant near the car park.",
    "A red bench stands near a person in a white shirt.",
    "There is a bench, and one person is standing near it.",
    "There is a push-button near the door, and the third person is in a pushing position.",
]


def grade(query: str, text: str) -> str:
    """How a text answers a query: yes, doubtful, no."""
    words = read(text)
    found = [saying for wish in wishes(query) if (saying := says(words, wish)) is not None]
    return "no" if not found else "doubtful" if all(saying.doubtful for saying in found) else "yes"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("people riding bicycles", "One is walking with a bicycle, another person is riding a bicycle."),
        ("a cyclist", "Another person is riding an old red bicycle."),
        ("riding a skateboard", "One person is skateboarding on the path."),
        ("people running", "The person in a red shirt is running."),
        ("people running", "One person is walking, two are standing, and the last is running."),
        ("people running", "A man runs towards the door."),
        ("dog running", "There is a person and a dog running."),
        ("a running man", "A man appears to be running."),
        ("man running", "A running man is seen on the left."),
        ("a photo of a vehicle", "Other than people, there are cars, a crossing, and trees."),
        ("person walking a dog", "A third person is walking with a dog."),
        ("parked cars", "Cars are parked along the road."),
        ("cars parked", "There are parked cars."),
        ("a person falls", "The man fell to the ground."),
        ("a person", "person 1 stays about where it is for 4.3 s at 0.0 body lengths/s"),
        ("bicycle stopping", "A bicycle stops for 2.5 s."),
        ("a dog moving", "dog 12 goes right."),
        ("people sitting", "One person is seated on the bench."),
        ("person with an umbrella", "One person is walking, and the third is walking with an umbrella."),
        ("a bicycle", "0:05.0 to 0:10.0: 2 moving objects; the detector names 1 bicycle."),
    ],
)
def test_a_sentence_says_it(query, text):
    assert grade(query, text) == "yes"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("people riding bicycles", "Bicycles are parked near the riding school, a man walks."),
        ("people running", "There is a yellow pipe running along the building's edge."),
        ("people running", "No one is running."),
        ("dog running", "A person is running with a dog."),
        ("man running", "One man walks and another is running."),
        ("two people walking", "Two people are standing, and one person is walking."),
        ("someone skateboarding", "A man with a skateboard stands near the wall."),
        ("someone drinking", "The first person is holding a drink."),
        ("people fighting", "The third person is in a fighting stance."),
        ("a fire", "There is a fire hydrant on the left."),
        ("a bicycle", "There is a bicycle lane and a road."),
        ("a vehicle", "There are no cars in the image."),
        ("a van", "There is a vehicle."),
        ("person pushing a bicycle", "The person is pushing a cart with a bicycle on it."),
        ("a vehicle", ""),
    ],
)
def test_a_sentence_only_seems_to_say_it(query, text):
    assert grade(query, text) == "no"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("people running", "The third person is in motion, possibly running."),
        ("people running", "The third person is walking or running."),
        ("a horse", "There is a statue of a horse."),
        ("a person falling", "He is leaning forward as if falling."),
    ],
)
def test_what_is_guessed_or_depicted_is_doubtful(query, text):
    assert grade(query, text) == "doubtful"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("no one is running", "what is not there"),
        ("people without helmets", "what is not there"),
        ("a dog or a cat", "one thing at a time"),
        ("the", "no English word"),
        ("人がいる", "no English word"),
        ("?!", "no English word"),
    ],
)
def test_a_query_that_sentences_can_not_answer_is_refused(query, why):
    corpus = TextCorpus([row("a", 0, "A dog runs.")], HashEmbedder())
    with pytest.raises(ToolError, match=why):
        corpus.search(query)


def row(video: str, start: float, text: str, cite: str = "", end: float | None = None) -> TextRow:
    return TextRow(video, TimeSpan(start=start, end=start if end is None else end), text, cite)


def test_neighbouring_rows_are_one_stretch_with_the_rows_it_rests_on():
    corpus = TextCorpus(
        [
            row("a", 9.0, "A dog. A tree.", "e3"),
            row("a", 1.0, "A dog.", "e1"),
            row("a", 1.8, "There is a dog near the tree.", "e2"),
            row("b", 2.0, "A dog.", "e4"),
            row("b", 2.5, "A cat.", "e5"),
        ],
        HashEmbedder(),
    )
    answer = corpus.search("dog", 10)
    assert [(hit.video, hit.span.start, hit.span.end, hit.cites) for hit in answer.hits] == [
        ("a", 1.0, 1.8, ("e1", "e2")),
        ("a", 9.0, 9.0, ("e3",)),
        ("b", 2.0, 2.0, ("e4",)),
    ]
    assert answer.hits[0].sentence == "A dog."
    assert answer == corpus.search("dog", 10)


def test_a_short_row_within_a_long_one_does_not_end_the_stretch():
    corpus = TextCorpus(
        [row("a", 0, "A dog.", end=9), row("a", 1, "A dog.", end=2), row("a", 9.5, "A dog.")], HashEmbedder()
    )
    assert [hit.span for hit in corpus.search("dog").hits] == [TimeSpan(start=0, end=9.5)]


def test_other_videos_come_before_the_surplus_of_one_and_doubt_comes_last():
    rows = [row("a", 10.0 * i, "A dog.") for i in range(4)]
    rows += [row("b", 0, "There is a dog near the far wall."), row("c", 0, "Possibly a dog.")]
    hits = TextCorpus(rows, HashEmbedder()).search("dog", 10, per_video=2).hits
    assert [hit.video for hit in hits] == ["a", "a", "b", "a", "a", "c"]
    assert [hit.doubtful for hit in hits] == [False] * 5 + [True]


def test_nothing_like_that_tells_the_nearest_sentence():
    corpus = TextCorpus([row("a", 0, "Bicycles are parked. A man walks.")], HashEmbedder())
    answer = corpus.search("riding bicycles")
    assert answer.hits == ()
    assert answer.nearest == "Bicycles are parked."
    assert 0 < answer.similarity < 1
    assert TextCorpus([], HashEmbedder()).search("a dog").hits == ()
    assert TextCorpus([row("a", 0, " \n ")], HashEmbedder()).search("a dog").nearest == ""


@pytest.mark.parametrize("text", ["🐕" * 50, "dog " * 5000, "\udcff dog", "DOG\x00!?;:,", "dog's; dog-like: the dog’s"])
def test_odd_texts_are_only_texts(text):
    answer = TextCorpus([row("a", 0, text)], HashEmbedder()).search("a dog")
    assert len(answer.hits) == ("dog" in text.lower() and "like" not in text)


def test_sentences_are_told_apart():
    assert split_sentences("One walks. Two run!\n\nThree?  ") == ["One walks.", "Two run!", "Three?"]
    assert split_sentences("At 3.5 s") == ["At 3.5 s"]


@pytest.fixture(scope="module")
def meanings(tmp_path_factory):
    """MiniLM, each sentence once."""
    cache = EmbeddingCache(MiniLM(), tmp_path_factory.mktemp("meanings") / "embeddings.db")
    yield cache
    cache.close()


@pytest.mark.parametrize("query", QUERIES)
def test_judged_answers_are_given_again_and_what_only_seems_to_say_it_is_not(query, meanings):
    judged = [hit for hit in JUDGED["hits"] if hit["query"] == query]
    rows = [row(hit["video"], hit["frame"] / 24, hit["sentence"], str(hit["says"])) for hit in judged]
    rows += [row("seeming", 10.0 * i, sentence, "seeming") for i, sentence in enumerate(SEEMING)]
    hits = TextCorpus(rows, meanings).search(query, 20, per_video=3).hits
    assert {(hit.video, hit.at.start) for hit in hits} == {(hit["video"], hit["frame"] / 24) for hit in judged}
    assert len(hits) == 20
    assert len({hit.video for hit in hits}) >= 8
    assert sum(hit.cites == ("True",) for hit in hits) >= 18


@pytest.fixture(scope="module")
def captions(shared):
    """Every caption of ShanghaiTech's test videos, by video and frame."""
    with gzip.open(shared / "data" / "captions" / "shanghaitech_cogvlm.jsonl.gz", "rt") as lines:
        rows = map(json.loads, lines)
        return {(one["video"], one["frame"]): one["description"] for one in rows}


@pytest.fixture(scope="module")
def corpus(captions):
    """All of them; words are enough where only what is said counts, not what is nearest."""
    return TextCorpus((row(video, frame / 24, text) for (video, frame), text in captions.items()), HashEmbedder())


def test_judged_sentences_are_in_the_captions(captions):
    assert all(hit["sentence"] in captions[hit["video"], hit["frame"]] for hit in JUDGED["hits"])


@pytest.mark.parametrize("query", ABSURD)
def test_to_absurd_queries_40791_captions_have_nothing_like_that(query, corpus):
    assert corpus.search(query).hits == ()


def test_of_all_captions_with_bicycles_those_that_tell_of_riding_count(corpus):
    parked = {hit.sentence for hit in corpus.search("parked bicycles", 10_000).hits}
    ridden = corpus.search("people riding bicycles", 10_000).hits
    assert len(parked) > 10
    assert len({hit.video for hit in ridden}) > 50
    assert all("riding" in hit.sentence for hit in ridden)


def test_it_runs_for_people_not_for_pipes(corpus):
    running = corpus.search("a person running", 10_000).hits
    assert len({hit.video for hit in running}) > 40
    assert not [hit for hit in running if "pipe running" in hit.sentence or "beam running" in hit.sentence]
