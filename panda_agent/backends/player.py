"""Plays a script: which rule answers a request, and when it is the personality's turn."""

from __future__ import annotations

import threading
from collections import Counter

from panda_agent.backends.cards import reads_card
from panda_agent.backends.personalities import shape_of, usual_answer
from panda_agent.backends.script import MODELS, Rule, Script
from panda_agent.backends.script_request import Request, read_request
from panda_agent.backends.script_response import Outcome, misfit, outcome_of, served, wrong
from panda_agent.errors import UserError


class Player:
    """Plays a script to requests over HTTP, real or not; any thread may ask it.

    Args:
        script: What to play.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self._lock = threading.Lock()
        self._met: Counter[int] = Counter()
        self._played: Counter[int] = Counter()
        self._unruled = 0

    def handle(self, method: str, path: str, purpose: str, body: bytes) -> Outcome:
        """Answer a request as an OpenAI-compatible endpoint does.

        Args:
            method: GET or POST.
            path: With or without the query.
            purpose: What the header `X-Panda-Purpose` says; empty where there is none.
            body: As it was sent.
        """
        try:
            match method, path.partition("?")[0].rstrip("/"):
                case "GET", "/v1/models":
                    return self._listed()
                case "POST", "/v1/chat/completions":
                    return self._chat(purpose, body)
        except (ValueError, UserError) as error:
            return wrong(str(error))
        return wrong(f"There is nothing at {method} {path}.", status=404)

    def _listed(self) -> Outcome:
        rule = self._matching(Request(purpose=MODELS)) or Rule()
        if not rule.answers:
            rule = rule.over(Rule(body=served(self.script)))
        return outcome_of(rule, Request(), self.script)

    def _chat(self, purpose: str, body: bytes) -> Outcome:
        request = read_request(purpose, body)
        if request.model not in self.script.models:
            return wrong(f"The model {request.model!r} does not exist.", code="model_not_found", status=404)
        return misfit(request, self.script) or self._played_to(request)

    def _played_to(self, request: Request) -> Outcome:
        rule = self._matching(request)
        if rule is None or not rule.answers:
            usual = self._usual(request)
            rule = usual if rule is None else rule.over(usual)
        return outcome_of(rule, request, self.script)

    def _matching(self, request: Request) -> Rule | None:
        with self._lock:
            for i, rule in enumerate(self.script.rules):
                if not rule.when.holds(request) or self._played[i] == rule.times:
                    continue
                self._met[i] += 1
                if not rule.when.nth or self._met[i] in rule.when.nth:
                    self._played[i] += 1
                    return rule
        return None

    def _usual(self, request: Request) -> Rule:
        """What the personality answers; a test card is read whatever else is wrong with it, and is not counted."""
        card = reads_card(request, shape_of(request, self.script), self.script)
        if card is not None:
            return card
        with self._lock:
            n, self._unruled = self._unruled, self._unruled + 1
        return usual_answer(n, request, self.script)
