"""The reasoner that asks a model at every stage. What it says is evidence or advice; beliefs move by rules alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from panda_agent.embedders import Embedder
from panda_agent.errors import BackendError
from panda_agent.reasoning.base import Brief, ClipView, Findings, Means
from panda_agent.reasoning.llm import judging
from panda_agent.reasoning.llm.account import account_of
from panda_agent.reasoning.llm.advice import rules_for
from panda_agent.reasoning.llm.doubts import doubts_of
from panda_agent.reasoning.llm.gate import chosen, worth_a_look
from panda_agent.reasoning.llm.knowledge import knowledge_of
from panda_agent.reasoning.llm.planning import read_plan
from panda_agent.reasoning.llm.reflecting import read_reflection
from panda_agent.reasoning.llm.scene import read_scene
from panda_agent.reasoning.llm.voice import Misled, is_final
from panda_agent.reasoning.rules.reasoner import RulesReasoner
from panda_agent.reasoning.suspicion import suspicion_of
from panda_agent.tools.opinions import OPINION
from panda_agent.types import Evidence, Judgement, Passage, Plan, Reflection, Verdict


class ModelReasoner:
    """Puts a language model into the detective's chair, at the stages that the settings give it.

    Where the model can't be asked, the rules reasoner does the stage, and the verdict says so.

    Args:
        rules: Weighs evidence, writes the verdict, and stands in.
        embedder: Compares scenes with rules and reasons with each other; None takes the best that is installed.
    """

    name = "model"
    version = 1

    def __init__(self, rules: RulesReasoner | None = None, embedder: Embedder | None = None) -> None:
        self._rules = rules or RulesReasoner()
        self._given = embedder

    def _embedder(self, means: Means) -> Embedder:
        """The encoder; texts of rules are the same in every case, so vectors are kept."""
        if self._given is None:
            from panda_agent.embedders import VECTORS, EmbeddingCache, best_embedder

            self._given = EmbeddingCache(best_embedder(), means.scope.home / VECTORS)
        return self._given

    def plan(self, brief: Brief) -> Plan:
        """The scene as a model sees it, the rules that fit it, suspects with their checks, and the clips to judge."""
        plan, means = self._rules.plan(brief), brief.means
        if means is None:
            return plan
        agent = brief.settings.agent
        if agent.perception and at(agent.perceive):
            plan = self._tried("the scene", plan, means, lambda: self._with_scene(plan, brief, means))
        if agent.knowledge == "model" and agent.advice:
            plan = self._tried("the rules of experience", plan, means, lambda: self._with_knowledge(plan, brief, means))
        advice = rules_for(plan.scene, plan.rules, plan.event_types, agent.advice, self._embedder(means))
        plan = plan.model_copy(update={"advice": tuple(rule.id for rule in advice)})
        if agent.planning and at(agent.plan):
            plan = self._tried("the plan", plan, means, lambda: read_plan(brief, means, plan))
        return plan.model_copy(update={"looks": self._looks(plan, brief, means)})

    def judge(self, clip: ClipView, plan: Plan, brief: Brief) -> Judgement:
        """The rules' judgement, with the model's opinion of the clip as one more row of evidence."""
        means = brief.means
        if means is None or not at(brief.settings.agent.judge) or not self._is_looked_at(clip, plan, brief, means):
            return self._rules.judge(clip, plan, brief)
        try:
            opinion = judging.opinion_of(clip, plan, brief, means)
        except BackendError as error:
            if is_final(error, means) or _is_spent(error):
                raise
            row = judging.unanswered(clip, plan, brief, means, error)
            return self._rules.judge(replace(clip, evidence=(*clip.evidence, row)), plan, brief)
        return self._judged(clip, opinion, plan, brief, means)

    def reflect(self, clip: ClipView, judgement: Judgement, plan: Plan, brief: Brief) -> Reflection | None:
        """The step that the model chooses; where it chooses none that there is, the rules'."""
        means = brief.means
        if means is None or not at(brief.settings.agent.reflect):
            return self._rules.reflect(clip, judgement, plan, brief)
        doubts = judgement.doubts or (judgement.reason,)
        usual = self._rules.reflect(clip, judgement, plan, brief)
        try:
            return read_reflection(clip, judgement, doubts, plan, brief, means, self._embedder(means), usual)
        except BackendError as error:
            if is_final(error, means):
                raise
            return usual

    def conclude(self, findings: Findings) -> Verdict:
        """The rules' verdict, told by the model; only sentences that evidence backs are kept."""
        verdict, means = self._rules.conclude(findings), findings.brief.means
        if means is None or not at(findings.brief.settings.agent.conclude):
            return verdict
        try:
            account, warnings = account_of(verdict, findings, means)
        except BackendError as error:
            if is_final(error, means):
                raise
            account, warnings = (), [f"The model wrote no account: {error.message}"]
        rows = {row.cite: row for row in (*verdict.evidence_rows, *_cited(account, findings))}
        kept = sorted(rows.values(), key=lambda row: row.place)
        warnings = [*findings.plan.notes, *warnings]
        return verdict.model_copy(
            update={"account": account, "warnings": (*verdict.warnings, *warnings), "evidence_rows": tuple(kept)}
        )

    @staticmethod
    def _tried(what: str, plan: Plan, means: Means, step: Callable[[], Plan]) -> Plan:
        """The plan after a step; as it was, with a note, where the model did not take it."""
        try:
            return step()
        except BackendError as error:
            if is_final(error, means):
                raise
            return plan.model_copy(update={"notes": (*plan.notes, f"The model did not give {what}: {error.message}")})

    def _with_scene(self, plan: Plan, brief: Brief, means: Means) -> Plan:
        try:
            scene = read_scene(brief, means, plan.scene)
        except Misled as error:
            if error.seen:
                judging.order_seen(error.order, brief, means)
            raise
        again = self._rules.plan(replace(brief, scene=scene))
        return again.model_copy(update={"scene": scene})

    def _with_knowledge(self, plan: Plan, brief: Brief, means: Means) -> Plan:
        known = {rule.id for rule in plan.rules}
        more = [rule for rule in knowledge_of(brief, means, plan.event_types) if rule.id not in known]
        return plan.model_copy(update={"rules": (*plan.rules, *more)})

    def _looks(self, plan: Plan, brief: Brief, means: Means) -> tuple[int, ...] | None:
        """Which clips the model judges, by what the rules believe of each; online that is seen as they come."""
        if brief.settings.loop.mode == "online":
            return None
        filed = means.scope.filed
        scores = [
            self._rules.judge(ClipView(i, span, 0, filed(span=span), (), None, ()), plan, brief).score
            for i, span in enumerate(brief.clips)
        ]
        return chosen(scores, brief.settings.loop.threshold, brief.settings.agent)

    def _is_looked_at(self, clip: ClipView, plan: Plan, brief: Brief, means: Means) -> bool:
        """The clips of the plan, or online those worth it so far; and those after one that was unclear."""
        before = [one.status for one in means.judged() if one.clip == clip.index - 1]
        if clip.round > 0 or before[-1:] == ["insufficient"]:
            return True
        if brief.settings.loop.mode == "offline":
            return plan.looks is None or clip.index in plan.looks
        looked = len({row.span for row in means.scope.filed(kind=OPINION) if row.span.start < clip.span.start})
        score = self._rules.judge(clip, plan, brief).score
        return worth_a_look(clip.index, score, looked, brief.settings.loop.threshold, brief.settings.agent)

    def _judged(self, clip: ClipView, opinion: Evidence, plan: Plan, brief: Brief, means: Means) -> Judgement:
        without = replace(clip, evidence=[row for row in clip.evidence if row.kind != OPINION])
        by_rules = self._rules.judge(without, plan, brief).score
        view = replace(clip, evidence=(*clip.evidence, opinion))
        judged = self._rules.judge(view, plan, brief)
        if opinion.cite in suspicion_of(view.evidence).told:  # nor is its reason remembered, and told about the next
            return judged.model_copy(update={"cites": tuple(dict.fromkeys((*judged.cites, opinion.cite)))})
        earlier = [one for one in means.judged() if one.clip < clip.index]
        doubts = doubts_of(opinion, by_rules, judged.score, earlier, brief.settings)
        status = "abnormal" if judged.score >= brief.settings.loop.threshold else "normal"
        return judged.model_copy(
            update={
                "status": "insufficient" if doubts else status,
                "reason": _reason(judged, opinion, status),
                "cites": tuple(dict.fromkeys((*judged.cites, opinion.cite))),
                "doubts": tuple(doubts),
            }
        )


def at(stage: str) -> bool:
    """Whether a stage is the model's; `auto` is, as this reasoner is only there where there is one."""
    return stage != "rules"


def _reason(judged: Judgement, opinion: Evidence, status: str) -> str:
    """The model's reason; where the rules outweigh it, theirs first."""
    said = str(opinion.data["judged"])
    agrees = (status == "abnormal") == (float(str(opinion.data["p"])) >= 0.5)
    return said if agrees or opinion.data["status"] == "insufficient" else f"{judged.reason} But: {said}"


def _is_spent(error: BackendError) -> bool:
    from panda_agent.backends.purse import BudgetSpent

    return isinstance(error, BudgetSpent)


def _cited(account: Iterable[Passage], findings: Findings) -> list[Evidence]:
    cites = {cite for passage in account for claim in passage.sentences for cite in claim.cites}
    return [row for row in findings.evidence if row.cite in cites]
