"""`panda ledger`: what was asked of a model, what it cost, and every reply, verbatim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from panda_agent.cli.options import Json

if TYPE_CHECKING:
    from panda_agent.backends.ledger import Call, Ledger

SHORT = 12
"""Digits of a key that are shown."""


class _Shelf(TyperGroup):
    """Takes what is no command for a case: `panda ledger CASE` is `panda ledger list CASE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["list", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_Shelf, help="Show what was asked of a model, what it cost, and every reply; `panda ledger CASE` is one case."
)
CaseOrAll = Annotated[
    str | None, typer.Argument(metavar="[CASE]", help="Only the calls of this case.", show_default=False)
]
Key = Annotated[str, typer.Argument(metavar="KEY", help="The key of a call, or how it starts.", show_default=False)]


@app.command("list")
def list_(case: CaseOrAll = None, as_json: Json = False) -> None:
    """List the calls, oldest first; `list` may be left out."""
    from panda_agent.cli.output import print_json, say
    from panda_agent.cli.tables import print_table

    calls = _calls(case)
    if as_json:
        print_json([call.model_dump(mode="json", exclude={"body", "request"}) for call in calls])
    elif calls:
        head = ("call", "for", "model", "sent (UTC)", "tokens", "money", "hits", "cases")
        print_table(head, [*map(_row, calls), _total(calls)], brief=True)
    else:
        say("No model was asked yet." if case is None else f"No model was asked in case {case}.")


@app.command()
def show(key: Key, as_json: Json = False) -> None:
    """Show one call: what was asked, and the reply as it came (unseen characters are spelled out; not in JSON)."""
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.cli.tables import print_table

    call = _call(key)
    if as_json:
        print_json(call.model_dump(mode="json"))
        return
    print_table(None, [(name, told) for name, told in _facts(call) if told])
    print_plain(f"\n{harmless(call.body)}" if call.body else "\nThere is no reply.")


def _calls(case: str | None) -> list[Call]:
    """All calls, or those of a case.

    Raises:
        CaseNotFound: It has none, and there is no case of that id.
    """
    from panda_agent.memory.cases import find_case
    from panda_agent.settings import load_settings

    with _opened() as ledger:
        calls = [] if ledger is None else ledger.calls(case)
    if case is not None and not calls:
        find_case(load_settings().root, case)
    return calls


def _call(key: str) -> Call:
    """The call whose key starts so.

    Raises:
        UserError: There is none, or more than one.
    """
    from panda_agent.errors import UserError

    with _opened() as ledger:
        if ledger is None:
            raise UserError(f"There is no call {key!r} in the ledger.", hint="No model was asked yet.")
        return ledger.find(key.lower())


@contextmanager
def _opened() -> Iterator[Ledger | None]:
    """The ledger; None where nothing was asked yet: looking makes no file."""
    from panda_agent.backends.ledger import FILE, Ledger
    from panda_agent.settings import load_settings

    home = load_settings().root
    if not (home / FILE).is_file():
        yield None
        return
    with closing(Ledger.of(home)) as ledger:
        yield ledger


def _row(call: Call) -> tuple[str, ...]:
    model = call.model or f"({call.state})"
    tokens = f"{call.tokens_in}+{call.tokens_out}"
    sent = call.at[:19].replace("T", " ")
    return call.key[:SHORT], call.purpose, model, sent, tokens, f"{call.money:g}", f"{call.hits}", ", ".join(call.cases)


def _total(calls: Sequence[Call]) -> tuple[str, ...]:
    from panda_agent.reporting.text import counted

    tokens = f"{sum(call.tokens_in for call in calls)}+{sum(call.tokens_out for call in calls)}"
    money, hits = sum(call.money for call in calls), sum(call.hits for call in calls)
    cases = {case for call in calls for case in call.cases}
    return counted(len(calls), "call"), "", "", "", tokens, f"{money:g}", f"{hits}", counted(len(cases), "case")


def _facts(call: Call) -> Iterator[tuple[str, str]]:
    """What is told of a call, in the order in which it is told."""
    asked: dict[str, Any] = call.request
    yield "call", call.key
    yield "state", call.state
    yield "why", str((call.failure or {}).get("message", ""))
    yield "endpoint", asked["address"]
    yield "model", call.model
    yield "sent", f"{call.at}, {call.sent} in all, {call.hits} from the ledger"
    yield "took", f"{call.seconds:.2f} s, {call.tokens_in}+{call.tokens_out} tokens, money {call.money:g}"
    yield "cases", ", ".join(call.cases)
    yield "for", call.purpose
    yield "limits", ", ".join(f"{name} {asked[name]}" for name in ("max_tokens", "temperature", "seed", "top_logprobs"))
    yield "pictures", ", ".join(map(_picture, asked["pictures"]))
    yield "system", asked["system"]
    yield "text", asked["text"]
    for turn in asked["history"]:
        yield turn["role"], turn["text"]


def _picture(told: dict[str, Any]) -> str:
    return f"{told['letter']} {told['width']}×{told['height']} {told['bytes']} bytes {told['sha256'][:SHORT]}"


def harmless(text: str) -> str:
    """Text line by line as it is, but for what would drive a terminal or deceive an eye."""
    return "".join(char if char in "\n\t" or char.isprintable() else f"[U+{ord(char):04X}]" for char in text)
