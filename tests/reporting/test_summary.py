import json
import re
from pathlib import Path

from panda_agent.reporting.summary import Entry, rank, write_summary
from panda_agent.types import Verdict


def test_the_worst_comes_first(cart: Verdict, fight: Verdict, calm: Verdict, dark: Verdict, tmp_path: Path) -> None:
    sure = cart.model_copy(update={"confidence": 0.99})
    entries = [
        Entry("calm", calm),
        Entry("broken", error="It is cut off."),
        Entry("dark", dark),
        Entry("cart", cart),
        Entry("surer cart", sure),
        Entry("fight", fight),
    ]
    order = ["fight", "surer cart", "cart", "dark", "broken", "calm"]
    assert [entry.name for entry in sorted(entries, key=rank)] == order
    files = write_summary(entries, tmp_path)
    told = json.loads(files["summary_json"].read_bytes())["videos"]
    assert [video["video"] for video in told] == order
    assert told[4] == {"video": "broken", "label": "failed", "error": "It is cut off.", "report": None}
    assert told[0]["spans"] == [{"start": 2.6, "end": 9.0}]
    page = files["summary"].read_text("utf-8")
    places = [
        page.index(text) for text in (fight.headline, cart.headline, dark.headline, "It is cut off.", calm.headline)
    ]
    assert places == sorted(places)
    assert page.count('class="curve"') == 5


def test_links_lead_to_the_reports(cart: Verdict, tmp_path: Path) -> None:
    report = tmp_path / "javascript:alert(1) #?%41" / "report.html"
    files = write_summary([Entry("x", cart, report)], tmp_path)
    (link,) = re.findall(r'href="([^"]*)"', files["summary"].read_text("utf-8"))
    assert link == "./javascript%3Aalert%281%29%20%23%3F%2541/report.html"


def test_a_hostile_name_stays_text(calm: Verdict, tmp_path: Path) -> None:
    files = write_summary([Entry("<script>\u202e.mp4", calm), Entry("<b>", error="<i>{{7*7}}</i>")], tmp_path)
    page = files["summary"].read_text("utf-8")
    assert "&lt;script&gt;[U+202E].mp4" in page
    assert "&lt;i&gt;{{7*7}}&lt;/i&gt;" in page
    assert "<script" not in page


def test_an_empty_folder_gives_a_page(tmp_path: Path) -> None:
    files = write_summary([], tmp_path)
    assert "0 videos" in files["summary"].read_text("utf-8")
    assert json.loads(files["summary_json"].read_bytes()) == {"videos": []}
