import csv
import io

import pytest

from panda_agent.reporting.csv_files import COLUMNS, guard, timeline_csv
from panda_agent.types import AnomalySpan, Verdict


def rows_of(v: Verdict) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(timeline_csv(v).decode("utf-8"))))


def test_a_row_a_moment(cart: Verdict) -> None:
    rows = rows_of(cart)
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(cart.score_timeline)
    assert (rows[0]["t"], rows[0]["label"], rows[0]["event_types"]) == ("0.000", "normal", "")
    late = rows[120]
    assert (late["t"], late["label"], late["event_types"]) == ("12.000", "anomalous", "vehicle_on_walk")
    assert set(late["evidence"].split()) == {row.cite for row in cart.evidence(span=(12.0, 12.0))}


def test_the_label_of_a_moment(dark: Verdict, calm: Verdict) -> None:
    assert [rows_of(dark)[i]["label"] for i in (0, 15)] == ["inconclusive", "not seen"]
    assert {row["label"] for row in rows_of(calm)} == {"normal"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    assert guard(f"{start}cmd|'/c calc'!A1").startswith("'")


def test_a_hostile_event_type_stays_in_its_cell(cart: Verdict) -> None:
    evil = '=HYPERLINK("http://evil.example")\r\n,1,"x'
    hostile = cart.model_copy(update={"spans": (AnomalySpan(start=3.0, end=17.9, event_type=evil),)})
    rows = rows_of(hostile)
    assert len(rows) == len(cart.score_timeline)
    assert rows[120]["event_types"].startswith("'=HYPERLINK")
