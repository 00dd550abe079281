"""Which testimony of a model counts for nothing, because what it read, or saw written, may have told it what to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from panda_agent.perception.orders import first_order, orders_in, revealed
from panda_agent.prompts.fence import cleaned
from panda_agent.types import Evidence, Rule
from panda_agent.words import stem

TESTIMONY = ("caption", "answer", "opinion")
"""Kinds of evidence in which a model says what it sees or thinks."""
DOUBT = "doubt"
"""Name of the question among what a model is told."""
SILENT = "unanswered"
"""Kind of the row where it says nothing: a text may have made its reply unreadable."""
TELLER = "caption"
"""The family of a model's rows: a person answers too."""
ORDER = "order"
"""Kind of the row that tells of an order in a model's own words; and the field of a row whose request held one."""
QUOTED = 160
"""Characters of an order that are quoted."""
_READ = (
    r"(?:reads?|reading|says?|saying|words?|writ(?:ing|ten)|texts?|lettering|label(?:led)?|letters|inscription|slogan|"
    r"marked|signs?|logo)"
)


@dataclass(frozen=True)
class Suspicion:
    """What is suspect among some rows."""

    told: Mapping[str, str] = field(default_factory=dict)
    """By cite, rows of a model that read an order, or saw one written: with the order."""
    written: Sequence[tuple[Evidence, frozenset[str]]] = ()
    """Rows that tell of writing in the picture, with the stems of its words."""

    def names(self, row: Evidence, event: str) -> str | None:
        """The writing in the pictures of a model's row that names an event type; None where there is none."""
        if row.kind not in TESTIMONY or row.family != TELLER or not self.written:
            return None
        wanted = frozenset(map(stem, event.lower().split("_")))
        found = (other for other, words in self.written if words & wanted and _together(row, other))
        return next((quoted(" ".join(writing_of(other))) for other in found), None)


def suspicion_of(rows: Iterable[Evidence]) -> Suspicion:
    """Find the rows in which a model may say what a text told it to say.

    A model's row is suspect where its request held an order (`data.order`), where its own words are one or quote one,
    and where one was read in pictures of the same moments by whoever read it.

    Args:
        rows: All evidence that is weighed together.
    """
    read = [row for row in rows if row.kind in (*TESTIMONY, SILENT, "text", ORDER)]
    # What its request made it say tells nothing of the pictures, and so nothing of what others saw in them.
    seen = [row for row in read if not isinstance(row.data.get(ORDER), str)]
    orders = [(row, order) for row in seen if (order := order_of(row)) is not None]
    told = {}
    for row in read:
        if row.kind not in (*TESTIMONY, SILENT) or row.family != TELLER:
            continue
        asked = row.data.get(ORDER)
        near = (order for other, order in orders if _together(row, other))
        order = quoted(asked) if isinstance(asked, str) else next(near, None)
        if order is not None:
            told[row.cite] = order
    return Suspicion(told, [(row, words) for row in read if (words := _stems(writing_of(row)))])


def order_of(row: Evidence) -> str | None:
    """The order that a row tells of; None where there is none."""
    if row.kind == ORDER:
        return quoted(str(row.data.get("text", row.statement)))
    lines = writing_of(row)
    if any(orders_in(lines)):
        return quoted(" ".join(lines))
    if row.kind not in TESTIMONY:
        return None
    return order_in([row.statement, row.data.get("told"), row.data.get("people"), row.data.get("objects")])


def order_in(value: JsonValue) -> str | None:
    """The first text of a JSON value that reads like an order, shortened; None where none does.

    What it calls `doubt` is the question of whoever asked: "describe the incident" is none there.
    """
    asked = value.get(DOUBT) if isinstance(value, Mapping) else None
    rest = {name: part for name, part in value.items() if name != DOUBT} if isinstance(value, Mapping) else value
    order = first_order(asked, asked=True) or first_order(rest)
    return None if order is None else quoted(order)


def writing_of(row: Evidence) -> list[str]:
    """What stands written in the pictures of a row, by whoever read it."""
    if row.kind == "text":
        return [str(row.data.get("text", ""))]
    lines = row.data.get("visible_text") if row.kind == "caption" else None
    return [str(line) for line in lines] if isinstance(lines, list) else []


def unwritten(text: str, lines: Sequence[str]) -> str:
    """A description without the writing that it quotes: "a shirt with the words on fire" tells of no fire.

    Args:
        text: The description.
        lines: What is written in its pictures.
    """
    text = re.sub(r"[\"“«][^\"”»]{1,400}[\"”»]", " ", text)
    for line in sorted({line.strip() for line in lines if line.strip()}, key=len, reverse=True):
        words = r"\W+".join(map(re.escape, re.findall(r"\w+", line)))
        if words:
            text = re.sub(rf"(\b{_READ}\b\W+)(?:\w+\W+){{0,2}}?{words}\b", r"\1", text, flags=re.IGNORECASE)
    return text


def quoted(text: str) -> str:
    """An untrusted text as a sentence may hold it: one line, nothing that can't be seen, not long."""
    plain = " ".join(str(cleaned(revealed(text[: 4 * QUOTED]))).split()).replace('"', "'")
    return plain if len(plain) <= QUOTED else plain[: QUOTED - 1] + "…"


def most_benign(rules: Iterable[Rule]) -> dict[tuple[str, str], float]:
    """By event type and kind of testimony, how much it can weigh against the anomaly at most, log-odds."""
    found: dict[tuple[str, str], float] = {}
    for rule in rules:
        if rule.supports == "benign" and rule.when[0].kind in TESTIMONY:
            what = rule.event_type, rule.when[0].kind
            found[what] = max(found.get(what, 0.0), rule.weight)
    return found


def _together(one: Evidence, other: Evidence) -> bool:
    """Whether they are about the same moments; what lasts no time is where it lies inside."""
    if one.span.duration == 0 or other.span.duration == 0:
        return one.span.touches(other.span)
    return one.span.overlap(other.span) > 0


def _stems(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for line in lines for word in re.findall(r"[a-z]+", line.lower()))
