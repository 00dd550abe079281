import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.memory.chain import long_memory, short_memory
from panda_agent.memory.recall import recall
from panda_agent.types import Judgement, TimeSpan


@pytest.fixture
def filed(store, row):
    store.commit_pass(
        "perceive",
        [
            row("e1", "a man walks left", start=0, track=1),
            row("e2", "a man falls by the wall", start=4, kind="fall", track=2),
            row("e3", "a dog falls", start=8, kind="fall", track=3),
            row("e4", "a man falls", start=12, kind="caption", track=2),
        ],
        {},
    )
    return store


def test_conditions_narrow_and_text_orders(filed):
    def ids(**conditions):
        return [one.id for one in recall(filed, **conditions)]

    assert ids() == ["e1", "e2", "e3", "e4"]
    assert ids(k=2) == ["e1", "e2"]
    assert ids(k=0) == ids(k=0, text="man") == []
    assert ids(text="a man falls", k=2) == ["e4", "e2"]
    assert ids(text="a man falls", kind="fall") == ["e2", "e3"]
    assert ids(text="a man falls", track=2, span=TimeSpan(start=0, end=6)) == ["e2"]
    assert ids(text="dog", k=1, embedder=HashEmbedder()) == ["e3"]


def judged(clip: int, reason: str, round: int = 0, *cites: str) -> Judgement:
    span = TimeSpan(start=5 * clip, end=5 * clip + 5)
    return Judgement(clip=clip, span=span, status="insufficient", score=0.5, reason=reason, round=round, cites=cites)


def test_short_memory_is_the_last_five_before_the_clip():
    seen = [judged(clip, f"reason {clip}") for clip in range(9)]
    assert short_memory(seen, clip=7) == [
        f"0:{5 * c:02}.0–0:{5 * c + 5:02}.0 insufficient (0.50): reason {c}".replace("0:60.0", "1:00.0")
        for c in range(2, 7)
    ]
    assert short_memory(seen, clip=0) == []
    assert len(short_memory(seen, clip=2)) == 2


def test_long_memory_is_the_most_alike_earlier_clip():
    seen = [judged(0, "two people run"), judged(1, "a bag lies alone"), judged(2, "two people run"), judged(4, "a bag")]
    now = judged(3, "a bag stands alone by the door")
    assert long_memory(now, seen) == seen[1]
    assert long_memory(now, seen, embedder=HashEmbedder()) == seen[1]
    assert long_memory(judged(3, "people run away"), seen) == seen[2]  # of equals, the latest
    assert long_memory(judged(3, "smoke"), seen) is None
    assert long_memory(judged(0, "a bag"), seen) is None  # nothing is earlier


def test_long_memory_without_words_goes_by_structure():
    kinds = {"e1": "fall", "e2": "merge", "e3": "merge", "e4": "speed"}

    def traits(judgement: Judgement) -> list[str]:
        return [kinds[cite] for cite in judgement.cites]

    seen = [judged(0, "x", 0, "e1"), judged(1, "y", 0, "e2", "e4"), judged(2, "z", 0, "e4")]
    assert long_memory(judged(3, "z", 0, "e3"), seen, traits=traits) == seen[1]
    assert long_memory(judged(3, "z"), seen, traits=traits) is None
