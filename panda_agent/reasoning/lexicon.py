"""Which words of a sentence need evidence, and which other words are evidence enough for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from panda_agent.words import stem


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


FREE = _stems(
    """a an the this that these those such same other another own each every any all both either some one ones
    i you he she it we they me him her us them his hers its our their theirs your my myself himself herself itself
    themselves who whom whose which what where when why how there here then now
    am is are was were be been being has have had having do does did done will would shall should can could may might
    must
    of in on at by for from to into onto upon off out up down over under above below behind beside between among
    through across along around about after before during until till since within without against near next with
    toward towards away per via as than like so if because while whereas although though and or but nor not no yet
    also too again once only just even very quite rather more most less least much further first last
    never none neither nothing nobody noone anything something thing things anyone
    perhaps maybe probably possibly apparently roughly approximately nearly almost seem seems seemed likely
    clip clips video videos moment moments picture pictures frame frames footage scene scenes evidence observation
    observations see sees seen saw show shows showed shown time times different
    s sec secs second seconds min mins minute minutes hour hours ms px fps db hz x percent cannot can't isn't aren't
    wasn't weren't don't doesn't didn't hasn't haven't"""
)
"""Function words, hedges, units of time, and what every report says of its own material: they claim nothing seen."""

HEDGED = re.compile(r"\b(?:possibly|perhaps|maybe|might|could|or)\b[^,.;:\n]*", re.IGNORECASE)
"""What a description says with doubt: "walking or running", "holding a stick, possibly a bat", up to the next pause.
"Appears to" is no doubt: captioners say it of all that they see."""


def undoubted_part(text: str) -> str:
    """A description without what it says with doubt."""
    return HEDGED.sub("", text)


NUMBERS: Mapping[str, float] = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
    "thousand": 1000, "dozen": 12, "twice": 2, "thrice": 3, "half": 0.5, "pair": 2, "couple": 2,
}  # fmt: skip
"""Numbers in words. "One" is none of them: it is an article more often."""

UNITS = _stems("s body times ms fps db stops degrees px spreads")
"""What follows a measured number; anything else that follows a number is counted by it."""
SECONDS = frozenset([stem(word) for word in ("s", "sec", "second", "seconds")])

COUNTED = _stems("description descriptions caption captions answer answers looks observations moments sources rows")
"""What a sentence may count of its own evidence: "two descriptions" cites two."""

_PEOPLE = """man woman child boy girl kid baby person somebody someone pedestrian walker runner jogger cyclist bicyclist
    rider driver biker skater skateboarder individual adult lady gentleman guy male female officer policeman police
    customer clerk cashier worker guard thief robber suspect victim passenger passerby student player crowd"""
_VEHICLES = """car truck van bus motorcycle motorbike scooter taxi suv pickup lorry ambulance sedan minivan tractor
    train vehicle automobile jeep moped"""
GENERAL: Mapping[str, frozenset[str]] = {
    "person": _stems(_PEOPLE),
    "somebody": _stems(_PEOPLE),
    "someone": _stems(_PEOPLE),
    "individual": _stems(_PEOPLE),
    "human": _stems(_PEOPLE),
    "adult": _stems("man woman lady gentleman guy"),
    "vehicle": _stems(_VEHICLES),
    "animal": _stems("dog cat bird horse cow sheep bear deer puppy kitten"),
    "weapon": _stems("gun pistol rifle firearm handgun shotgun revolver knife machete sword"),
    "firearm": _stems("gun pistol rifle handgun shotgun revolver"),
    "gun": _stems("pistol rifle handgun shotgun revolver"),
    "cycle": _stems("bicycle bike motorcycle motorbike"),
    "building": _stems("house shop store garage warehouse"),
    "luggage": _stems("bag suitcase backpack"),
    "move": _stems("motion walk run drive ride go jog crawl flee"),
    "motion": _stems("move"),
    "hold": _stems("carry grip"),
    "average": _stems("mean"),
    "several": _stems("many multiple numerous"),
    "many": _stems("several multiple numerous"),
    "multiple": _stems("several many numerous"),
}
"""A general word, and the specific ones that are evidence for it: a man is a person, and never the other way."""
SAME: tuple[frozenset[str], ...] = tuple(
    _stems(words)
    for words in (
        "man male", "woman female", "car automobile", "motorcycle motorbike", "bicycle bike", "somebody someone",
        "police policeman", "fire flame", "street road", "gray grey", "store shop", "centre center",
    )
)  # fmt: skip
"""Words that say the same."""

TOLD_BY: Mapping[str, frozenset[str]] = {
    "caption": _stems("caption description describe say tell"),
    "told_like": _stems("caption description describe say tell like likened incident"),
    "answer": _stems("answer ask model person say"),
    "opinion": _stems("model judge say opinion"),
    "score": _stems("score system"),
    "text": _stems("text read say"),
    "retrieval": _stems("search find"),
    "sound": _stems("sound hear"),
    "sound_onset": _stems("sound hear"),
    "silence": _stems("sound hear"),
}
"""Words about the telling that a row of some kind lends: "the description says" needs a description."""

ASKED: Mapping[str, frozenset[str]] = {
    "answer": frozenset(["question", "event", "benign", "checks", "mode", "model", "letters", "shown"]),
    "opinion": frozenset(
        ["event", "mode", "model", "letters", "shown", "matched", "supersedes", "contradiction", "round"]
    ),
    "retrieval": frozenset(["text", "like", "evidence", "why", "encoder", "index", "of"]),
    "second_look": frozenset(["kinds", "watched", "tool", "of"]),
    "known_normal": frozenset(["event", "of", "of_kind", "mark"]),
    "unanswered": frozenset(["asked", "why"]),
    "caption": frozenset(["model", "letters"]),
    "facts": frozenset(["rows"]),
    "comparison": frozenset(["windows"]),
    "told_like": frozenset(["event", "wrong", "usual", "encoder"]),
}
"""Data fields that hold what was asked or looked for: that it was looked for is no sign that it is there."""
OUTSIDE = frozenset(["knowledge", "web"])
"""Kinds of rows that tell nothing of this video."""
HEARSAY: Mapping[str, frozenset[str]] = {
    "answer": _stems("model person"),
    "opinion": _stems("model"),
    "text": _stems("text read sign writing written clock"),
    "retrieval": _stems("like similar search"),
}
"""Kinds of rows that tell what somebody says, who knew what was suspected; what stands written; or what a picture is
like. A sentence may use their words only if it says that it is somebody's word: one of these."""


def _wider() -> Mapping[str, frozenset[str]]:
    known: dict[str, frozenset[str]] = {stem(word): specific for word, specific in GENERAL.items()}
    for group in SAME:
        for word in group:
            known[word] = known.get(word, frozenset()) | (group - {word})
    return known


WIDER = _wider()
"""By stem of a claimed word: the stems that are evidence for it beside its own."""


def enough_for(word: str, denied: bool) -> frozenset[str]:
    """The stems that are evidence for a claimed one; where it is denied, only what says the same.

    Args:
        word: A stem.
        denied: "No person" is not shown by "no man".
    """
    if not denied:
        return frozenset([word]) | WIDER.get(word, frozenset())
    return frozenset([word]).union(*(group for group in SAME if word in group))
