"""A case that waits for a person, where nobody sits at a terminal."""

from __future__ import annotations


def test_it_waits_and_goes_on_with_an_answer(film, panda, monkeypatch):
    monkeypatch.setenv("PANDA_LOOP__UNSURE", "0.49")
    monkeypatch.setenv("PANDA_LOOP__ROUNDS", "9")
    done = panda("investigate", film, "--ask", "--case", "yard")
    assert (done.code, done.out) == (130, "")
    assert "Case yard waits for you: is it so at 0:00.0" in done.err
    assert "Answer with `panda resume yard --answer yes|no|unclear`." in done.err
    answers = 0
    while done.code == 130:
        done = panda("resume", "yard", "--answer", "no")
        answers += 1
    assert done.code == 0
    assert 1 <= answers <= 9
    assert "NORMAL" in done.out
