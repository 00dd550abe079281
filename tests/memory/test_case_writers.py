"""Many writers at once, and writers that are killed."""

import os
import signal
import sqlite3
import threading

from panda_agent.memory.case_store import CaseStore, list_cases


def test_threads_share_a_store(store, row):
    errors: list[Exception] = []

    def work(name: int) -> None:
        try:
            for i in range(40):
                store.add(row(f"t{name}-{i}", f"{name} {i}"))
                store.add(row("shared", f"{i}"))
                store.log(f"step {i}", {"by": name})
                assert len(store.evidence(kind="track")) >= i
        except Exception as error:  # a thread's boundary: handed to the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(one.revision for one in store.evidence() if one.id == "shared") == list(range(40))
    assert len(store.evidence()) == 6 * 40 + 40
    assert [line.step for line in store.log_rows()] == [f"step {i}" for i in range(40)]


def test_eight_processes_write_and_nobody_is_locked_out(store, row, fork):
    store.close()

    def work(name: int) -> None:
        with CaseStore.open(store.folder) as mine:
            for i in range(25):
                mine.add(row(f"p{name}-{i}"))
                mine.add(row("shared", str(i)))
            mine.commit_pass(f"pass {name}", [row(f"q{name}-{i}") for i in range(50)], {"by": name})

    pids = [fork(lambda name=name: work(name)) for name in range(8)]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 8
    with CaseStore.open(store.folder) as mine:
        assert len(mine.evidence()) == 8 * 25 + 25 + 8 * 50
        assert [mine.pass_facts(f"pass {name}") for name in range(8)] == [{"by": name} for name in range(8)]


def test_listing_and_reading_wait_for_no_writer(store, row, tmp_path):
    store.add(row("e1"))
    writer = sqlite3.connect(store.folder / "case.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM evidence")
    assert [record.status for record in list_cases(tmp_path)] == ["open"]
    with CaseStore.open(store.folder) as reader:
        assert [one.id for one in reader.evidence()] == ["e1"]
    writer.rollback()
    writer.close()


def test_a_kill_leaves_whole_passes_and_every_row_that_was_returned(store, row, fork):
    """SIGKILL at 12 moments of a child that commits passes and rows as fast as it can."""
    store.close()
    for turn in range(12):
        read, write = os.pipe()

        def work(turn: int = turn, write: int = write) -> None:
            with CaseStore.open(store.folder) as mine:
                for i in range(1000):
                    mine.add(row(f"r{turn}-{i}"))
                    os.write(write, b".")
                    mine.commit_pass(
                        "perceive", [row(f"m{k}", f"{turn} {i}") for k in range(40)], {"by": f"{turn} {i}"}
                    )

        pid = fork(work)
        os.close(write)
        for _ in range(turn + 1):
            os.read(read, 1)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(read, "rb") as rest:
            returned = turn + 1 + len(rest.read())
        with CaseStore.open(store.folder) as mine:
            kept = {one.id for one in mine.evidence()}
            assert {f"r{turn}-{i}" for i in range(returned)} <= kept
            facts = mine.pass_facts("perceive")
            moved = [one.statement for one in mine.evidence() if one.id.startswith("m")]
            assert moved == ([facts["by"]] * 40 if facts else [])
