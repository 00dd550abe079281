import json
import math
import os
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.errors import PandaError, UserError
from panda_agent.reporting.json_files import json_bytes, replace_atomic, verdict_bytes, write_atomic
from panda_agent.reporting.schema import schema_bytes
from panda_agent.types import ScorePoint, Verdict

SCHEMA = Path(__file__).resolve().parents[2] / "docs/verdict.schema.json"
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_a_verdict_always_gives_the_same_bytes(cart: Verdict) -> None:
    shuffled = dict(reversed(list(cart.provenance.items())))
    assert verdict_bytes(cart.model_copy(update={"provenance": shuffled})) == verdict_bytes(cart)


def test_a_verdict_read_back_gives_the_same_bytes(cart: Verdict, tmp_path: Path) -> None:
    data = verdict_bytes(cart)
    write_atomic(tmp_path / "verdict.json", data)
    assert verdict_bytes(Verdict.from_json(tmp_path / "verdict.json")) == data


def test_the_form_of_the_file(calm: Verdict) -> None:
    noisy = (ScorePoint(t=0.1 + 0.2, score=1 / 3), ScorePoint(t=1.0, score=-0.0))
    text = verdict_bytes(calm.model_copy(update={"score_timeline": noisy, "headline": "Café 视频"})).decode("utf-8")
    assert text.endswith("}\n")
    assert "\r" not in text
    assert "Café 视频" in text
    assert [(p["t"], p["score"]) for p in json.loads(text)["score_timeline"]] == [(0.3, 0.333333), (1.0, 0.0)]
    assert "-0.0" not in text
    assert list(json.loads(text)) == sorted(json.loads(text))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_json_can_not_hold_is_refused_and_named(cart: Verdict, bad: float) -> None:
    broken = cart.evidence_rows[0].model_copy(update={"data": {"speed": [1.0, bad]}})
    with pytest.raises(PandaError, match=r"evidence_rows\[0\]\.data\.speed\[1\]"):
        verdict_bytes(cart.model_copy(update={"evidence_rows": (broken,)}))


@given(JSON)
def test_any_data_survives_and_is_stable(value: object) -> None:
    data = json_bytes(value)
    assert json_bytes(json.loads(data)) == data


def test_a_file_name_that_is_no_utf8_is_written_as_legal_json() -> None:
    assert json.loads(json_bytes({"video": os.fsdecode(b"caf\xe9.mp4")}))["video"] == "caf\udce9.mp4"


def test_a_write_that_dies_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    write_atomic(path, b"old")

    def die(part: Path) -> None:
        part.write_bytes(b"ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_atomic(path, die)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_can_not_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"verdict\.json can't be written"):
        write_atomic(tmp_path / "out" / "verdict.json", b"{}")


def test_written_files_obey_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_verdicts_follow_the_published_schema(cart: Verdict, fight: Verdict, calm: Verdict, dark: Verdict) -> None:
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    for verdict in (cart, fight, calm, dark):
        jsonschema.validate(json.loads(verdict_bytes(verdict)), schema)


def test_the_schema_refuses_what_is_no_verdict(calm: Verdict) -> None:
    schema = json.loads(SCHEMA.read_bytes())
    verdict = json.loads(verdict_bytes(calm))
    for change in ({"label": "guilty"}, {"confidence": 1.5}, {"case_id": "7"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(verdict | change, schema)


def test_the_published_schema_is_current() -> None:
    assert SCHEMA.read_bytes() == schema_bytes(), "run: python -m panda_agent.reporting.schema docs/verdict.schema.json"
