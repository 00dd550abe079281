"""What can be said about a case, as data, and what comes back."""

from __future__ import annotations

from typing import Literal

from panda_agent.conversation.times import told
from panda_agent.types import Model, Predicate, TimeSpan

Way = Literal["as it is", "zoomed", "sharper", "faster", "brighter"]
Side = Literal["supports", "refutes", "unsaid"]


class Why(Model):
    """Why the verdict is as it is at a moment; without one, at the strongest."""

    at: TimeSpan | None = None

    def said(self) -> str:
        """The turn as it could be typed."""
        return "why" if self.at is None else f"why {told(self.at)}"


class WhatIf(Model):
    """What the verdict would be with another rule, without one, or with another number; nothing is kept."""

    off: str | None = None
    """A rule's id."""
    bound: Predicate | None = None
    """Another number in the place of the one that rules ask for."""
    kind: str | None = None
    """Only in rules about this kind of evidence."""
    rule: str | None = None
    """A rule in one line, or the path of a YAML file."""

    def said(self) -> str:
        """The turn as it could be typed."""
        if self.off is not None:
            return f"what if {self.off} off"
        if self.bound is not None:
            return " ".join(part for part in ("what if", self.kind, str(self.bound)) if part)
        return f"what if {self.rule}"


class LookAt(Model):
    """Look once more at a part of the picture."""

    zone: str
    at: TimeSpan | None = None
    way: Way = "as it is"

    def said(self) -> str:
        """The turn as it could be typed."""
        when = "" if self.at is None else f" from {told(self.at)}" if self.at.duration else f" at {told(self.at)}"
        return f"look at {self.zone}{when}{'' if self.way == 'as it is' else f' {self.way}'}"


class AddRule(Model):
    """Judge by one more rule from now on."""

    rule: str

    def said(self) -> str:
        """The turn as it could be typed."""
        return f"add rule {self.rule}"


class Show(Model):
    """Show a row of evidence, or a rule, by its id."""

    id: str

    def said(self) -> str:
        """The turn as it could be typed."""
        return f"show {self.id}"


class Without(Model):
    """What the verdict would be without some rows; nothing is kept."""

    ids: tuple[str, ...]

    def said(self) -> str:
        """The turn as it could be typed."""
        return f"without {', '.join(self.ids)}"


class Know(Model):
    """A fact that a person knows."""

    words: str
    at: TimeSpan | None = None
    side: Side = "unsaid"
    """What it does to the verdict's finding, where the person says so."""

    def said(self) -> str:
        """The turn as it could be typed."""
        so = {"supports": "it is so: ", "refutes": "it is not so: ", "unsaid": ""}[self.side]
        return f"I know {so}{self.words}"


class FalseAlarm(Model):
    """What was found, there or anywhere, is normal."""

    at: TimeSpan | None = None

    def said(self) -> str:
        """The turn as it could be typed."""
        return "false alarm" if self.at is None else f"false alarm {told(self.at)}"


class Undo(Model):
    """Take back the last change."""

    def said(self) -> str:
        """The turn as it could be typed."""
        return "undo"


class Tell(Model):
    """Tell the verdict, the newest or an earlier one."""

    version: int | None = None

    def said(self) -> str:
        """The turn as it could be typed."""
        return "verdict" if self.version is None else f"verdict {self.version}"


class Help(Model):
    """Tell what can be said."""

    def said(self) -> str:
        """The turn as it could be typed."""
        return "help"


class Quit(Model):
    """End the conversation."""

    def said(self) -> str:
        """The turn as it could be typed."""
        return "quit"


Turn = Why | WhatIf | LookAt | AddRule | Show | Without | Know | FalseAlarm | Undo | Tell | Help | Quit


class Reply(Model):
    """What comes back. Lines may quote text of a video, a model or a person: clean them before a terminal sees them."""

    lines: tuple[str, ...]
    cites: tuple[str, ...] = ()
    """Evidence that the lines name."""
    version: int | None = None
    """The version of the verdict that the turn made, if it made one."""
    understood: str | None = None
    """How free wording was understood."""
    done: bool = False
    """The conversation is over."""
    puzzled: bool = False
    """The turn was not understood, or needs to be said more clearly; nothing was done."""
