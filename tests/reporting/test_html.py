import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from panda_agent.reporting.html import flat, render_report
from panda_agent.reporting.media import Media, Picture
from panda_agent.types import Evidence, Judgement, TimeSpan, Verdict

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "image": "<img src=x onerror=alert(1)>",
    "template": "{{7*7}}{% raw %}",
    "terminal": "\x1b[2J\x1b[31m",
    "direction": "\u202eevil",
    "style": "</style><b>loose</b>",
    "comment": "<!-- --><base href='http://evil.example/'>",
}


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]


@pytest.fixture
def page(cart: Verdict, run: dict[str, object]) -> Page:
    return Page(render_report(cart, Media(), run))


def test_every_cite_of_a_claim_leads_to_its_evidence(cart: Verdict, page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = [href for href in page.values("href") if href.startswith("#")]
    assert {link[1:] for link in links} <= set(ids)
    for cite in (cite for claim in cart.explanation for cite in claim.cites):
        assert f"#e-{cite}" in links


def test_the_page_says_what_the_verdict_says(cart: Verdict, page: Page) -> None:
    said = [cart.headline, cart.question, cart.answer, cart.basis, "0.91", "very likely right", "Medium"]
    said += [claim.text for claim in cart.explanation]
    said += [part for one in cart.rejected_alternatives for part in (one.statement, one.why)]
    said += [*cart.warnings, cart.scene.overview, "score 0.55 → 0.86", "no evidence of kind 'fall'", "+3.20", "−0.70"]
    said += ["0:03.1–0:17.9", "share is 0.44, needs <= 0.1 (E5)", "0d9c5bb0a4c1", "kiosk-2"]
    flowed = " ".join(page.text.split())
    assert [text for text in said if str(text) not in flowed] == []


def test_the_page_loads_nothing(cart: Verdict, run: dict[str, object]) -> None:
    html = render_report(cart, Media({"moment@11.200": Picture(11.2, b"jpeg", 4, 3)}), run)
    policies = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    page = Page(html)
    assert html.index("Content-Security-Policy") < html.index("<style>")
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object", "base", "form")]
    assert all(url.startswith("#") for url in page.values("href"))
    assert all(url.startswith("data:image/jpeg;base64,") for url in page.values("src"))
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html


def test_every_picture_has_words(cart: Verdict, run: dict[str, object]) -> None:
    pictures = {row.cite: Picture(1.0, b"jpeg", 4, 3) for row in cart.evidence_rows}
    page = Page(render_report(cart, Media(pictures), run))
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == len(cart.evidence_rows)
    assert all(len(str(image["alt"])) > 20 for image in images)


def poison(value: object, text: str) -> object:
    """Put a text in place of every free string of a verdict."""
    fixed = ("label", "severity", "kind", "status", "outcome", "lighting", "quality", "id", "evidence", "cites")
    match value:
        case dict():
            return {key: item if key in fixed else poison(item, text) for key, item in value.items()}
        case list():
            return [poison(item, text) for item in value]
        case str():
            return text
        case _:
            return value


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_the_video_stays_text(cart: Verdict, name: str) -> None:
    text = HOSTILE[name]
    hostile = Verdict.model_validate(poison(cart.model_dump(mode="json"), text))
    clean_page = Page(render_report(cart, Media(), {"video": "04.mp4"}))
    page = Page(render_report(hostile, Media(), {"video": text, "case_id": text, "notes": {text: text}}))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in clean_page.tags}
    names = {attribute for _, attributes in page.tags for attribute in attributes}
    assert names <= {attribute for _, attributes in clean_page.tags for attribute in attributes}
    assert "49" not in page.text or "{{7*7}}" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page.text)


def test_two_hundred_kilobytes_of_text_do_not_fill_the_page(calm: Verdict) -> None:
    long = calm.model_copy(update={"headline": "x" * 200_000, "answer": "y" * 200_000, "question": "?"})
    assert len(render_report(long, Media(), {})) < 60_000


def test_a_cite_that_the_verdict_does_not_hold_is_shown_as_missing(cart: Verdict, run: dict[str, object]) -> None:
    bare = cart.model_copy(update={"evidence_rows": ()})
    page = Page(render_report(bare, Media(), run))
    assert "chip missing" in page.values("class")
    assert not [href for href in page.values("href") if href.startswith("#e-")]


def test_an_inconclusive_verdict_says_why(dark: Verdict, run: dict[str, object]) -> None:
    page = Page(render_report(dark, Media(), run))
    assert "No decision: half of the video shows no picture" in page.text
    assert "inconclusive" in page.values("class")
    assert "No picture 0:01.0–0:02.5: nothing can be said" in page.text
    assert "the video was not at hand" in page.text


def test_a_blind_span_that_a_warning_names_is_not_said_twice(dark: Verdict) -> None:
    warned = dark.model_copy(update={"warnings": ("No picture 0:01.0–0:02.5.",)})
    assert Page(render_report(warned, Media(), {})).text.count("No picture 0:01.0–0:02.5") == 1


def test_nested_settings_become_rows() -> None:
    tree = {"loop": {"threshold": 0.5}, "packs": [{"id": "street"}], "tools": ["a", "b"], "empty": [], "name": "x"}
    assert flat(tree) == [
        ("loop.threshold", "0.5"),
        ("packs.1.id", "street"),
        ("tools", "a, b"),
        ("empty", "none"),
        ("name", "x"),
    ]


def test_a_long_case_folds_away_what_no_sentence_cites(cart: Verdict, evidence_row: Callable[..., Evidence]) -> None:
    rows = tuple(evidence_row("pace", i, i + 1.0, f"object {i} runs") for i in range(30))
    looks = tuple(
        Judgement(clip=i, span=TimeSpan(start=i, end=i + 1), status="normal", score=0.1, reason="calm")
        for i in range(40)
    )
    cited = cart.explanation[0].model_copy(update={"cites": (rows[7].cite,)})
    changes = {"evidence_rows": rows, "judgements": looks, "explanation": (cited,), "rejected_alternatives": ()}
    html = render_report(cart.model_copy(update=changes), Media(), {})
    opened, folded = html.split('<details class="more">')
    assert f'id="e-{rows[7].cite}"' in opened
    assert 'class="card"' in folded
    assert "29 more pieces" in folded
    assert "40 clips judged normal at first sight" in folded
    assert html.count('class="card"') == 30
