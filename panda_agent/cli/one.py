"""One video: its case is committed and named at once, then worked to its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from panda_agent.cli.files import Delivered, deliver, keep
from panda_agent.cli.order import Order
from panda_agent.cli.output import print_json, say, stderr
from panda_agent.cli.signals import drain
from panda_agent.errors import UserError
from panda_agent.investigator import Investigator
from panda_agent.memory.case_store import CaseRecord, CaseStore, case_folder
from panda_agent.memory.record import FILE
from panda_agent.video import probe


def investigate_one(video: Path | None, case: str | None, order: Order, *, talk: bool = False) -> int:
    """Investigate one video, print its verdict, talk about it if wished, and return the exit code."""
    investigator = Investigator(order.settings)
    case_id = open_case(investigator, video, case, order)
    drain.hint = f"Go on with `panda resume {case_id}`."
    say(f"case {case_id} · resume with: panda resume {case_id}")
    say(order.tier)
    done = finish(investigator, case_id)
    show(done, as_json=order.as_json)
    if talk:
        _talk(investigator, case_id)
    return order.code_of(done.verdict)


def _talk(investigator: Investigator, case_id: str) -> None:
    from panda_agent.cli.talk import talk
    from panda_agent.conversation.session import Conversation

    drain.hint = f"Go on with `panda ask {case_id}`."
    with Conversation(investigator, case_id) as conversation:
        talk(conversation, investigator.desk.settings.root)


def open_case(investigator: Investigator, video: Path | None, case: str | None, order: Order) -> str:
    """Open a case, or take up the one of that name if it is the same; return its id.

    Raises:
        UserError: There is a case of that name about something else.
    """
    home = order.settings.root
    if case is not None and (case_folder(home, case) / FILE).is_file():
        _check_same(case_folder(home, case), video, order)
        case_id = case
    else:
        case_id = investigator.open(video, case_id=case, **order.request)
    with CaseStore.open(case_folder(home, case_id)) as store:
        keep(store, order.wish)
    return case_id


def finish(investigator: Investigator, case_id: str, answer: str | None = None) -> Delivered:
    """Work a case to its verdict before the eyes of the user, and write its files.

    Args:
        investigator: Runs the case.
        case_id: The case.
        answer: What the user says to the question that the case waits for.

    Raises:
        CasePaused: The case waits for an answer, and nobody sits at the terminal.
    """
    from panda_agent.cli.ask import ask_person
    from panda_agent.cli.watch import watching  # only now: the case is committed before rich is loaded
    from panda_agent.cli.work import work

    said: str | dict[str, str] | None = answer
    while True:
        with watching(investigator.desk.case(case_id).pack.rules) as watch:
            asked = work(investigator, case_id, watch, said)
        if asked is None:
            break
        said = ask_person(asked)
    return deliver_watched(investigator.desk.settings.root, case_id, {})


def deliver_watched(home: Path, case_id: str, wish: dict[str, Any]) -> Delivered:
    """Write the files of a finished case; on a terminal, say that this is what takes so long."""
    if not stderr().is_terminal:
        return deliver(home, case_id, wish)
    with stderr().status("writing the report"):
        return deliver(home, case_id, wish)


def show(done: Delivered, *, as_json: bool) -> None:
    """Print a verdict to stdout."""
    if as_json:
        print_json(done.as_json())
        return
    from panda_agent.cli.verdict_view import show_verdict

    show_verdict(done)


def _check_same(folder: Path, video: Path | None, order: Order) -> None:
    with CaseStore.open(folder) as store:
        differing = list(_differences(store.record, video, order))
    if differing:
        raise UserError(
            f"There is a case {folder.name!r} already, with {' and '.join(differing)}.",
            hint=f"Choose another --case, or go on with that one by `panda resume {folder.name}`.",
        )


def _differences(record: CaseRecord, video: Path | None, order: Order) -> Iterator[str]:
    if video is not None and probe(video).fingerprint != record.fingerprint:
        yield "another video"
    kept: dict[str, Any] = dict(record.settings)
    asked: dict[str, Any] = kept.pop("request")
    names = {
        "question": "another question",
        "normal": "other --normal",
        "zones": "other --zones",
        "started_at": "another --started-at",
        "recording": "another --recording",
        "on_miss": "another --on-miss",
    }
    wanted = {**order.request, "zones": [zone.model_dump(mode="json") for zone in order.request["zones"]]}
    for name, words in names.items():
        if _plain(asked.get(name)) != _plain(wanted[name]):
            yield words
    if kept != order.settings.judging():
        yield "other settings"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
