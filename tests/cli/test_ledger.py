from __future__ import annotations

import json
from contextlib import closing

import pytest

from panda_agent.backends.ledger import FILE, Ledger, key_of, request_of
from panda_agent.backends.protocol import Ask, Picture, Reply, Turn
from panda_agent.errors import Refused
from panda_agent.memory.case_store import CaseRecord, CaseStore, case_folder

BODY = '{\n  "text": "a \x1b[31myard\u202e"\r\n}'
ADDRESS = "http://127.0.0.1:1/v1 m"


@pytest.fixture
def kept(home):
    """Three calls of two cases: answered, refused, and sent without a reply. Their keys."""
    picture = Picture(letter="A", jpeg=b"\xff\xd8\xff canary", width=4, height=3)
    asks = [
        Ask(purpose="caption", system="Look.", text="What is \x1b[2Jthere?", pictures=(picture,)),
        Ask(purpose="question", system="Look.", text="Why?", history=(Turn(role="user", text="And?"),)),
        Ask(purpose="question", system="Look.", text="Who?"),
    ]
    requests = [request_of(ADDRESS, ask) for ask in asks]
    keys = [key_of(request) for request in requests]
    reply = Reply(text="a yard", model="\x1b]0;m\x07", tokens_in=120, tokens_out=30, body=BODY)
    with closing(Ledger.of(home)) as made:
        for request in requests:
            made.begin("yard", request)
        made.keep_reply(keys[0], reply, money=0.25, seconds=1.25)
        made.keep_failure(keys[1], Refused("The model won't."), seconds=0.5)
        made.begin("gate", requests[0])
    return keys


def test_the_calls_and_their_totals(inside, kept):
    done = inside("ledger")
    lines = done.out.splitlines()
    assert (done.code, done.err, len(lines)) == (0, "", 5)
    assert lines[0].split() == ["call", "for", "model", "sent", "(UTC)", "tokens", "money", "hits", "cases"]
    assert lines[1].split()[:3] == [kept[0][:12], "caption", "[U+001B]]0;m[U+0007]"]
    assert lines[1].split()[5:] == ["120+30", "0.25", "1", "gate,", "yard"]
    assert [line.split()[2] for line in lines[2:4]] == ["(failed)", "(sent)"]
    assert lines[4].split() == ["3", "calls", "120+30", "0.25", "1", "2", "cases"]


def test_the_calls_of_one_case(inside, kept):
    assert len(inside("ledger", "gate").out.splitlines()) == 3
    assert inside("ledger", "list", "gate").out == inside("ledger", "gate").out
    told = json.loads(inside("ledger", "gate", "--json").out)
    assert [(call["key"], call["tokens_in"], call["cases"]) for call in told] == [(kept[0], 120, ["gate", "yard"])]
    assert len(json.loads(inside("ledger", "--json").out)) == 3


def test_one_call_with_its_reply_verbatim(inside, kept):
    done = inside("ledger", "show", kept[0][:10].upper())
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith('\n{\n  "text": "a [U+001B][31myard[U+202E]"[U+000D]\n}\n')
    assert "\x1b" not in done.out
    facts = dict(line.split(maxsplit=1) for line in done.out.split("\n\n")[0].splitlines())
    assert facts["call"] == kept[0]
    assert facts["took"] == "1.25 s, 120+30 tokens, money 0.25"
    assert facts["pictures"].startswith("A 4×3 10 bytes ")
    assert facts["text"] == "What is [U+001B][2Jthere?"
    told = json.loads(inside("ledger", "show", kept[0], "--json").out)
    assert told["body"] == BODY
    assert told["request"]["system"] == "Look."


def test_a_call_without_a_reply(inside, kept):
    refused = inside("ledger", "show", kept[1]).out
    assert "The model won't." in refused
    assert "And?" in refused
    assert refused.endswith("\n\nThere is no reply.\n")
    assert "state     sent" in inside("ledger", "show", kept[2]).out


def test_nothing_was_asked_yet(inside, home):
    assert inside("ledger") == (done := inside("ledger", "list"))
    assert (done.code, done.out, done.err) == (0, "", "No model was asked yet.\n")
    assert inside("ledger", "--json").out == "[]\n"
    assert not (home / FILE).exists(), "looking makes no file"
    with closing(CaseStore.create(case_folder(home, "quiet"), CaseRecord(case_id="quiet", video="x.mp4"))):
        pass
    assert inside("ledger", "quiet").err == "No model was asked in case quiet.\n"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nowhere",), "There is no case 'nowhere'."),
        (("../x",), "'../x' is no case id."),
        (("show",), "Missing argument 'KEY'"),
        (("show", "0" * 64), "There is no call '0000"),
        (("show", "xyz"), "'xyz' is no key of a call."),
        (("show", ""), "'' is no key of a call."),
        (("yard", "gate"), "Got unexpected extra argument"),
        (("--odd",), "No such option: --odd"),
    ],
)
def test_wrong_usage_is_exit_2(inside, kept, args, told):
    done = inside("ledger", *args)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_a_key_that_is_not_unique(inside, home):
    with closing(Ledger.of(home)) as made:
        for i in range(17):
            made.begin("yard", request_of(ADDRESS, Ask(purpose="x", system="", text=str(i))))
        firsts = [call.key[0] for call in made.calls()]
    twice = next(digit for digit in firsts if firsts.count(digit) > 1)
    done = inside("ledger", "show", twice)
    assert (done.code, done.err) == (2, f"panda: More than one call starts with '{twice}'. Give more of the key.\n")
    assert inside("ledger", "show", "a").code in (0, 2)


def test_no_call_in_no_ledger(inside):
    done = inside("ledger", "show", "abc")
    assert (done.code, done.err) == (2, "panda: There is no call 'abc' in the ledger. No model was asked yet.\n")


def test_help_names_both(inside):
    out = inside("ledger", "--help").out
    assert "show" in out
    assert "list" in out
