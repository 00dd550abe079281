import base64
import json
import threading

import pytest

from panda_agent.backends import calls as calls_module
from panda_agent.backends.calls import Answer
from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.protocol import Picture
from panda_agent.backends.script import Rule, When
from panda_agent.backends.scripted import ScriptedBackend
from panda_agent.errors import BadReply, CasePaused, QuotaExhausted, Refused, Unreachable
from tests.backends.looks import Look, ask, asks, calls_of, over_http, script, told, values


def test_answers_come_in_the_order_of_the_asks(home):
    slow_first = [told(i, delay=0.2 - i * 0.02) for i in range(8)]
    with FakeServer(script(*slow_first)) as server, calls_of(over_http(server), home) as calls:
        outcomes = calls.read(asks(8), Look)
        spent = calls.spent()
    assert values(outcomes) == list(range(8))
    assert {one.repaired for one in outcomes} == {False}
    assert [request.purpose for request in server.asked] == ["look"] * 8
    assert (spent.calls, spent.sent, spent.hits, spent.repeated) == (8, 8, 0, 0)
    assert spent.tokens_in == sum(one.reply.tokens_in for one in outcomes) > 0


def test_a_second_run_asks_nothing_and_gets_the_same(home):
    with FakeServer(script(*map(told, range(3)))) as server:
        with calls_of(over_http(server), home) as calls:
            first = calls.read(asks(3), Look)
        with calls_of(over_http(server), home) as calls:
            assert calls.read(asks(3), Look) == first
            spent = calls.spent()
        assert len(server.asked) == 3
    assert (spent.calls, spent.sent, spent.hits) == (3, 3, 3)


def test_no_more_are_under_way_than_the_setting_says(home):
    with FakeServer(script(Rule(delay=0.05))) as server:
        with calls_of(over_http(server), home, concurrency=3) as calls:
            readers = [threading.Thread(target=calls.read, args=(asks(9), Look)) for _ in range(2)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            spent = calls.spent()
        assert (len(server.asked), server.peak) == (9, 3), "two threads asked the same: each was sent once"
    assert (spent.sent, spent.hits) == (9, 9)


def test_the_same_ask_twice_is_one_call(home):
    with FakeServer(script(told(0))) as server, calls_of(over_http(server), home) as calls:
        first, second = calls.read([ask("#0#"), ask("#0#")], Look)
        assert (first, len(server.asked)) == (second, 1)
        another = calls.read([ask("#0#", sample=1)], Look)
        assert (values(another), len(server.asked)) == ([0], 2)


def test_a_reply_in_another_shape_is_asked_for_once_more(home):
    rules = (
        Rule(when=When(contains="#0#", nth=(1,)), text="There is a yard."),
        told(0),
        Rule(when=When(contains="#1#"), text="There is a yard."),
    )
    with FakeServer(script(*rules)) as server:
        with calls_of(over_http(server), home) as calls:
            mended, hopeless = calls.read([ask("#0#"), ask("#1#")], Look)
            spent = calls.spent()
        sent = len(server.asked)
        with calls_of(over_http(server), home) as calls:
            again = calls.read([ask("#0#"), ask("#1#")], Look)
            assert (again[0], str(again[1]), len(server.asked)) == (mended, str(hopeless), sent)
    assert (mended.value.count, mended.repaired) == (0, True)
    assert isinstance(hopeless, BadReply)
    assert (sent, spent.calls, spent.sent, spent.repairs) == (4, 4, 4, 2)
    assert mended.call_id in {call.key for call in Ledger.of(home).calls("one")}


def test_neither_key_nor_picture_is_in_any_file(home, monkeypatch):
    monkeypatch.setenv("PANDA_API_KEY", "sk-canary")
    jpeg = b"\xff\xd8\xff\xe0picture-canary"
    shown = [Picture(letter="A", jpeg=jpeg, width=4, height=3)]
    rules = (told(0), Rule(when=When(contains="#1#"), status=401), Rule(when=When(contains="#2#"), refusal="No."))
    with FakeServer(script(*rules)) as server, calls_of(over_http(server), home) as calls:
        outcomes = calls.read([ask(f"#{i}#", pictures=tuple(shown)) for i in range(3)], Look)
        held = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert values(outcomes) == [0, "BackendError", "Refused"]
    assert server.requests[0].headers["authorization"] == "Bearer sk-canary"
    assert base64.b64encode(jpeg).decode() in json.dumps(server.requests[0].body)
    assert b"#0#" in held
    for secret in (b"sk-canary", b"picture-canary", base64.b64encode(jpeg)):
        assert secret not in held


def test_malformed_replies_cost_one_more_call_at_most_and_nothing_is_made_up(home):
    with (
        FakeServer(script(personality="malformed")) as server,
        calls_of(over_http(server), home, concurrency=1) as calls,
    ):
        outcomes = calls.read(asks(24), Look)
        spent = calls.spent()
    assert {type(one) for one in outcomes} == {Answer, BadReply}
    for one in outcomes:
        assert isinstance(one, BadReply) or (one.value.words.startswith("A person walks by."), one.value.count) == (
            True,
            0,
        )
    assert spent.sent == spent.calls == 24 + spent.repairs
    assert spent.repairs == sum(isinstance(one, BadReply) or one.repaired for one in outcomes)


def test_failures_are_returned_and_only_lasting_ones_are_kept(home):
    rules = (
        Rule(when=When(contains="#0#"), status=400, error={"message": "no", "code": "content_filter"}),
        Rule(when=When(contains="#1#"), status=503),
        told(2),
    )
    with FakeServer(script(*rules)) as server, calls_of(over_http(server), home) as calls:
        refused, gone, fine = calls.read(asks(3), Look)
        before = len(server.asked)
        again = calls.read(asks(3), Look)
        spent = calls.spent()
    assert [type(one) for one in (refused, gone, fine)] == [Refused, Unreachable, Answer]
    assert str(again[0]) == str(refused)
    assert {"#1#" in json.dumps(request.body) for request in server.asked[before:]} == {True}
    assert (spent.calls, spent.refused, spent.repeated) == (3, 1, 0)


def test_an_empty_account_stops_the_asking_and_is_raised(home):
    rules = (
        told(0),
        Rule(when=When(contains="#1#", nth=(1,)), status=429, error={"message": "no", "code": "insufficient_quota"}),
        told(2, delay=0.2),
    )
    with FakeServer(script(*rules)) as server, calls_of(over_http(server), home, concurrency=2) as calls:
        with pytest.raises(QuotaExhausted):
            calls.read(asks(20), Look)
        assert len(server.asked) < 6
        spent = calls.spent()
        assert (spent.tokens_out > 0, spent.repeated) == (True, 0)


def test_a_pause_cuts_off_what_is_under_way_and_the_case_goes_on_later(home):
    def check():
        if len(server.asked) == 4:
            raise CasePaused("Stop.")

    assert calls_module.GLANCE <= 0.2
    with FakeServer(script(told(0), Rule(delay=600, times=3), *map(told, range(1, 4)))) as server:
        paused = calls_of(over_http(server, timeout=600), home, check=check, concurrency=3)
        with paused as calls, pytest.raises(CasePaused):
            calls.read(asks(4), Look)
        with calls_of(over_http(server), home) as calls:
            assert values(calls.read(asks(4), Look)) == [0, 1, 2, 3]
            spent = calls.spent()
    assert (spent.calls, spent.sent, spent.hits, spent.repeated) == (4, 7, 1, 3)


def test_a_case_that_is_paused_asks_nothing(home):
    def check():
        raise CasePaused("Stop.")

    with FakeServer(script()) as server, calls_of(over_http(server), home, check=check) as calls:
        with pytest.raises(CasePaused):
            calls.read(asks(2), Look)
        assert server.requests == []


def test_progress_is_told(home):
    seen = []
    with calls_of(ScriptedBackend(script(Rule(delay=0.15))), home, concurrency=1) as calls:
        calls.read(asks(3), Look, lambda done, total: seen.append((done, total)))
        calls.read([], Look, lambda done, total: seen.append((done, total)))
    assert seen == [*sorted(seen[:-1]), (0, 0)]
    assert {(1, 3), (3, 3)} <= {*seen}
