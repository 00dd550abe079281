import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.reporting.facts import duration, exhibits, peak, threshold
from panda_agent.reporting.text import anchor, clean, counted, likelihood, number
from panda_agent.types import Verdict


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[U+001B][31mred[U+001B][0m"),
        ("safe\u202egnp.exe", "safe[U+202E]gnp.exe"),
        ("zero\u200bwidth", "zero[U+200B]width"),
        ("tag\U000e0041", "tag[U+E0041]"),
        ("lone\udce9", "lone[U+DCE9]"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 4),
        ("Läufer 7 – 视频", "Läufer 7 – 视频"),
    ],
)
def test_text_that_deceives_is_spelled_out(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


def test_long_text_is_cut_and_says_so() -> None:
    shown = clean("x" * 200_000)
    assert len(shown) < 1300
    assert shown.endswith("… (198800 more characters)")


@given(st.text(max_size=300))
def test_nothing_invisible_is_left(text: str) -> None:
    left = {unicodedata.category(char) for char in clean(text) if char not in "\u200c\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3.14159, "3.14"),
        (0.0123, "0.012"),
        (0.0, "0"),
        (250.4, "250"),
        (3.2e9, "3.20e+09"),
        (7, "7"),
        (True, "yes"),
        (None, "–"),
        ([1, 2.5], "1, 2.5"),
        ([], "none"),
        ({"a": 1}, "a 1"),
    ],
)
def test_numbers_are_short(value: object, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("p", "words"), [(0.0, "almost no chance"), (0.5, "roughly even chance"), (1.0, "almost certain")]
)
def test_probabilities_have_words(p: float, words: str) -> None:
    assert likelihood(p) == words


def test_counts() -> None:
    assert (counted(1, "span"), counted(0, "span")) == ("1 span", "0 spans")


def test_an_anchor_holds_only_safe_characters() -> None:
    assert anchor('e1"><script>') == "e-e1_22_3E_3Cscript_3E"


def test_evidence_is_numbered_as_it_is_cited(cart: Verdict) -> None:
    shown = exhibits(cart)
    assert [it.number for it in shown.values()] == list(range(1, len(cart.evidence_rows) + 1))
    assert list(shown)[:2] == [cart.explanation[0].cites[0], cart.explanation[1].cites[0]]
    size = shown[cart.explanation[1].cites[0]]
    assert (size.claims, size.rules) == ((2,), ("large-object@1",))


def test_facts_come_from_provenance_where_it_has_them(cart: Verdict, fight: Verdict) -> None:
    assert duration(cart) == 18.0
    assert duration(cart.model_copy(update={"provenance": {}})) == 18.0
    assert threshold(cart) == 0.5
    assert duration(fight) == 9.033


def test_the_peak_of_an_observation_is_its_highest_moment(cart: Verdict) -> None:
    size = cart.evidence(kind="size")[0]
    assert peak(size) == pytest.approx(10.5, abs=0.1)
    assert peak(size.model_copy(update={"data": {"profile": "nonsense"}})) == pytest.approx(10.5)
    assert size.model_copy(update={"data": {"profile": [[1.0, 2.0], ["x", 1], [3.0]]}}).profile == [(1.0, 2.0)]
