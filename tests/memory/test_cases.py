from datetime import UTC, datetime, timedelta

import pytest

from panda_agent.errors import CaseNotFound, UserError
from panda_agent.memory.case_store import (
    CaseRecord,
    CaseStore,
    case_folder,
    list_cases,
    nearest_ids,
    purge,
    remove_case,
)
from panda_agent.memory.lock import working_on

NOW = datetime.now(UTC)


@pytest.fixture
def shelf(tmp_path):
    """Three cases, made in another order than that of their names, and one that is damaged."""
    for case_id, days in (("walk-b", 40), ("walk-a", 10), ("fight-1", 0)):
        created = (NOW - timedelta(days=days)).isoformat()
        CaseStore.create(
            case_folder(tmp_path, case_id), CaseRecord(case_id=case_id, video="v", created=created)
        ).close()
    case_folder(tmp_path, "broken").mkdir()
    (case_folder(tmp_path, "broken") / "case.db").write_bytes(b"no database at all, but long enough to look at")
    return tmp_path


def test_cases_are_listed_by_age_and_a_broken_one_as_such(shelf):
    listed = list_cases(shelf)
    assert [record.case_id for record in listed] == ["walk-b", "walk-a", "fight-1", "broken"]
    assert [record.status for record in listed] == ["open", "open", "open", "unreadable"]
    assert "can't be used" in listed[-1].problem
    assert sorted(path.name for path in case_folder(shelf, "walk-a").iterdir()) == [
        "case.db"
    ]  # listing leaves no litter


def test_a_folder_that_is_no_case_is_none(shelf):
    for name in ("notes", "walk-c"):
        (shelf / "cases" / name).mkdir()
    (shelf / "cases/notes/todo.txt").write_text("tidy up")
    assert "notes" not in [record.case_id for record in list_cases(shelf)]
    assert "walk-c" not in nearest_ids(shelf, "walk-c")
    with pytest.raises(CaseNotFound, match="There is no case 'walk-c'"):
        remove_case(shelf, "walk-c")
    assert (shelf / "cases/walk-c").is_dir()


def test_an_empty_or_missing_home_lists_nothing(tmp_path):
    assert list_cases(tmp_path) == list_cases(tmp_path / "nowhere") == []
    assert nearest_ids(tmp_path, "x") == []
    with pytest.raises(CaseNotFound, match="There are no cases yet"):
        CaseStore.open(case_folder(tmp_path, "x"))


def test_nearest_ids_come_best_first(shelf):
    assert nearest_ids(shelf, "walk-bb", n=2) == ["walk-b", "walk-a"]
    assert nearest_ids(shelf, "walk", n=1)[0].startswith("walk")
    assert len(nearest_ids(shelf, "zzz")) == 3


def test_a_removed_case_is_gone_with_all_its_files(shelf):
    (case_folder(shelf, "walk-a") / "looks").mkdir()
    (case_folder(shelf, "walk-a") / "looks" / "1.jpg").write_bytes(b"x")
    remove_case(shelf, "walk-a")
    remove_case(shelf, "broken")
    assert [record.case_id for record in list_cases(shelf)] == ["walk-b", "fight-1"]
    with pytest.raises(CaseNotFound, match="Nearest: walk-b"):
        remove_case(shelf, "walk-a")


def test_purge_removes_what_is_older(shelf):
    assert purge(shelf, timedelta(days=30)) == ["walk-b"]
    assert purge(shelf, timedelta(days=5)) == ["walk-a"]
    assert [record.case_id for record in list_cases(shelf)] == ["fight-1", "broken"]


def test_who_is_worked_on_is_not_removed(shelf):
    with working_on(case_folder(shelf, "walk-b")):
        with pytest.raises(UserError, match="Case walk-b is being worked on"):
            remove_case(shelf, "walk-b")
        assert purge(shelf, timedelta(days=5)) == ["walk-a"]
    assert purge(shelf, timedelta(days=5)) == ["walk-b"]


@pytest.mark.parametrize(
    "case_id", ["", " ", ".", "..", "../x", "/etc", "a/b", "a\\b", "a\0b", ".hidden", "x" * 300, "a b", "-a"]
)
def test_an_id_can_not_lead_out_of_the_shelf(shelf, case_id):
    for use in (lambda: case_folder(shelf, case_id), lambda: remove_case(shelf, case_id)):
        with pytest.raises(UserError, match="is no case id"):
            use()
