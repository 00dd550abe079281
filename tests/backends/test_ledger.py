import json
import multiprocessing
import sqlite3
import threading

import pytest

from panda_agent.backends.ledger import FILE, LASTING, SCHEMA, Ledger, Spent, key_of, request_of
from panda_agent.backends.protocol import Ask, Picture, Reply, TokenChances, Turn
from panda_agent.errors import Overflow, QuotaExhausted, Refused, SchemaTooNew, StoreError, Unreachable, UserError

JPEG = b"\xff\xd8\xff-picture-canary-\x00\x01"
ADDRESS = "http://127.0.0.1:1/v1 m"


def ask(text="What is there?", **fields):
    return Ask(purpose="caption", system="Be brief.", text=text, **fields)


def picture(letter="A", jpeg=JPEG, **fields):
    return Picture(letter=letter, jpeg=jpeg, width=4, height=3, **fields)


def request(*args, address=ADDRESS, **fields):
    return request_of(address, ask(*args, **fields))


def reply(text="a yard", **fields):
    given = {"model": "m", "tokens_in": 10, "tokens_out": 5, "body": json.dumps({"text": text}, indent=3), **fields}
    return Reply(text=text, **given)


@pytest.fixture
def ledger(home):
    with_ = Ledger.of(home)
    yield with_
    with_.close()


def answered(ledger, case="one", sent=None, got=None, *, money=0.5):
    """Make a call as the agent does, and say what is kept."""
    sent = sent or request()
    kept = ledger.begin(case, sent)
    return kept or ledger.keep_reply(key_of(sent), got or reply(), money=money, seconds=1.5)


def test_a_reply_is_replayed_byte_for_byte(ledger, home):
    got = reply(
        '{"a": "ü \x00 \u202e"}',
        finish="stop",
        body='{"b":\t"\\ud800 ü",  "c": 1.10}\r\n',
        logprobs=(TokenChances(token="yes", chances={"yes": -0.1, "no": float("-inf")}),),
    )
    assert answered(ledger, got=got) == got
    ledger.close()
    again = Ledger.of(home)
    assert again.begin("one", request()) == got
    assert again.find(key_of(request())).body == got.body
    again.close()


def test_every_parameter_and_picture_is_part_of_the_key():
    usual = ask(pictures=(picture(),), seed=0)
    changes = [
        {"purpose": "question"},
        {"system": "Be long."},
        {"text": "Who?"},
        {"pictures": ()},
        {"pictures": (picture("B"),)},
        {"pictures": (picture(jpeg=JPEG + b"x"),)},
        {"pictures": (picture(), picture())},
        {"shape": {"type": "object"}},
        {"history": (Turn(role="user", text="and?"),)},
        {"max_tokens": 9},
        {"temperature": 0.5},
        {"seed": None},
        {"top_logprobs": 5},
        {"sample": 1},
    ]
    assert {name for change in changes for name in change} == set(Ask.model_fields)
    keys = [key_of(request_of(ADDRESS, usual.model_copy(update=change))) for change in [{}, *changes]]
    keys.append(key_of(request_of("http://elsewhere/v1 m", usual)))
    assert len(set(keys)) == len(keys)
    later = usual.model_copy(update={"pictures": (picture(time=9.5),)})
    assert key_of(request_of(ADDRESS, later)) == keys[0], "times are not sent"


def test_what_a_case_spent_counts_each_call_once_whoever_paid(ledger):
    for case in ("one", "one", "two"):
        answered(ledger, case)
    answered(ledger, "two", request("Who?"), reply(tokens_in=1, tokens_out=2), money=0.25)
    assert ledger.spent("one") == Spent(calls=1, tokens_in=10, tokens_out=5, money=0.5, sent=1, hits=1)
    assert ledger.spent("two") == Spent(calls=2, tokens_in=11, tokens_out=7, money=0.75, sent=1, hits=1)
    assert ledger.spent("three") == Spent()
    assert ledger.uses("two", key_of(request("Who?")))
    assert not ledger.uses("one", key_of(request("Who?")))


def test_a_call_without_a_reply_is_sent_again_and_counted(ledger, home):
    assert ledger.begin("one", request()) is None
    ledger.close()  # as a killed process leaves it
    again = Ledger.of(home)
    assert again.begin("one", request()) is None
    again.keep_reply(key_of(request()), reply(), money=0, seconds=0)
    assert again.begin("one", request()) == reply()
    spent = again.spent("one")
    assert (spent.calls, spent.sent, spent.hits, spent.repeated) == (1, 2, 1, 1)
    again.close()


@pytest.mark.parametrize("kind", LASTING.values())
def test_failures_that_come_again_are_replayed(ledger, kind):
    error = kind("It won't.", hint="Do this.").with_(body='{"verbatim": 1}', limit=7)
    key = key_of(request())
    ledger.begin("one", request())
    for kept in (ledger.keep_failure(key, error, seconds=1), ledger.begin("one", request())):
        assert type(kept) is kind
        assert (str(kept), kept.limit, kept.body) == ("It won't. Do this.", 7, '{"verbatim": 1}')
    assert ledger.find(key).body == '{"verbatim": 1}'
    assert ledger.spent("one") == Spent(calls=1, sent=1, hits=1, refused=int(kind is Refused))


@pytest.mark.parametrize("kind", [Unreachable, QuotaExhausted])
def test_failures_that_pass_are_not(ledger, kind):
    ledger.begin("one", request())
    assert ledger.keep_failure(key_of(request()), kind("Later."), seconds=1) is None
    assert ledger.find(key_of(request())).state == "unanswered"
    assert ledger.begin("one", request()) is None
    assert ledger.spent("one").repeated == 0, "it is known to have failed"


def test_the_first_reply_stays_whoever_else_sends_one(ledger, home):
    other = Ledger.of(home)
    key = key_of(request())
    assert (ledger.begin("one", request()), other.begin("two", request())) == (None, None)
    assert ledger.keep_reply(key, reply("first"), money=1, seconds=1) == reply("first")
    assert other.keep_reply(key, reply("second"), money=2, seconds=2) == reply("first")
    assert other.keep_failure(key, Overflow("Too long."), seconds=2) == reply("first")
    assert other.keep_failure(key, Unreachable("Gone."), seconds=2) == reply("first")
    assert other.spent("two").money == 1
    other.close()


def test_forgetting_a_case_drops_what_no_other_case_uses(ledger, home):
    answered(ledger, "one", request("private canary"), reply("private canary"))
    for case in ("one", "two"):
        answered(ledger, case)
    ledger.forget("one")
    assert [call.cases for call in ledger.calls()] == [("two",)]
    assert ledger.calls("one") == []
    assert ledger.spent("one") == Spent()
    assert b"private canary" not in everything(home)
    assert ledger.begin("one", request()) == reply()


def everything(home):
    return b"".join(path.read_bytes() for path in home.glob(f"{FILE}*"))


def test_no_picture_is_in_the_file(ledger, home):
    answered(ledger, "one", request(pictures=(picture(),)))
    ledger.close()
    held = everything(home)
    assert b"Be brief." in held
    assert b"picture-canary" not in held


def test_calls_are_told_in_order_with_their_requests(ledger):
    answered(ledger, "one", request(pictures=(picture(), picture("B"))))
    answered(ledger, "two", request("Who?"))
    first, second = ledger.calls()
    assert first.key == key_of(request(pictures=(picture(), picture("B"))))
    assert [one["letter"] for one in first.request["pictures"]] == ["A", "B"]
    assert first.request["pictures"][0]["bytes"] == len(JPEG)
    assert (first.purpose, first.model, first.state, first.seconds, first.cases) == (
        "caption",
        "m",
        "answered",
        1.5,
        ("one",),
    )
    assert ledger.calls("two") == [second]


def test_a_call_is_found_by_the_start_of_its_key(ledger):
    for i in range(40):
        answered(ledger, "one", request(str(i)))
    call = ledger.calls()[7]
    assert ledger.find(call.key) == ledger.find(call.key[:12]) == call
    with pytest.raises(UserError, match="More than one call starts with"):
        ledger.find(next(a for a in "0123456789abcdef" if sum(c.key[0] == a for c in ledger.calls()) > 1))
    for wrong in ("f" * 64, "", "%", "G", call.key + "0"):
        with pytest.raises(UserError, match=r"no key of a call|There is no call"):
            ledger.find(wrong)


def test_threads_and_processes_share_it(home):
    Ledger.of(home).close()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_many, args=(home, f"case{i}")) for i in range(2)]
    for process in processes:
        process.start()
    ledger = Ledger.of(home)
    threads = [threading.Thread(target=write_many, args=(home, f"case{i}", ledger)) for i in range(2, 5)]
    for thread in threads:
        thread.start()
    for worker in (*threads, *processes):
        worker.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(ledger.calls()) == 30
    for i in range(5):
        spent = ledger.spent(f"case{i}")
        assert (spent.calls, spent.sent + spent.hits) == (30, 30)
    ledger.close()


def write_many(home, case, ledger=None):
    mine = ledger or Ledger.of(home)
    for i in range(30):
        kept = answered(mine, case, request(str(i)), reply(f"reply {i} from {case}"))
        assert kept.text.startswith(f"reply {i} ")
    if ledger is None:
        mine.close()


def test_a_ledger_that_was_made_but_not_filled_is_filled(home):
    home.mkdir()
    (home / FILE).touch()
    ledger = Ledger.of(home)
    assert ledger.calls() == []
    ledger.close()


def test_a_newer_ledger_is_left_alone(home):
    Ledger.of(home).close()
    with sqlite3.connect(home / FILE) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    with pytest.raises(SchemaTooNew, match="upgrade panda_agent"):
        Ledger.of(home)


def test_damage_is_one_sentence(home, ledger):
    answered(ledger)
    for column in ("reply", "request"):
        with sqlite3.connect(home / FILE) as db:
            db.execute(f"UPDATE calls SET {column} = '{{'")
        db.close()
        with pytest.raises(StoreError, match="can't be read: it was changed or damaged"):
            ledger.begin("one", request()) if column == "reply" else ledger.calls()


def test_no_ledger_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="can't be made"):
        Ledger.of(tmp_path / "file" / "home")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / FILE).write_bytes(b"not a database at all" * 99)
    with pytest.raises(StoreError, match="can't be used"):
        Ledger.of(tmp_path / "home")
