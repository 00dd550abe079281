"""What of a model's account still stands in a verdict that was revised."""

from __future__ import annotations

from collections.abc import Mapping

from panda_agent.types import Evidence, Passage, Verdict


def with_account(after: Verdict, before: Verdict, rows: Mapping[str, Evidence]) -> Verdict:
    """A revised verdict with the sentences of the account before that are still true of it.

    Nothing is asked anew: a sentence was backed by what it cites, and is while that counts. An account of another
    finding is left out as a whole, and the verdict says so.

    Args:
        after: The revised verdict.
        before: The version that it follows.
        rows: The evidence that counts, by cite.
    """
    if not before.account:
        return after
    if (after.label, after.event_type) != (before.label, before.event_type):
        warning = "The model's account told of the verdict before this one and is left out."
        return after.model_copy(update={"warnings": (*after.warnings, warning)})
    account = tuple(kept for one in before.account if (kept := _standing(one, rows)) is not None)
    cited = {cite: rows[cite] for one in account for claim in one.sentences for cite in claim.cites}
    known = {row.cite: row for row in after.evidence_rows}
    told = sorted((cited | known).values(), key=lambda row: row.place)
    return after.model_copy(update={"account": account, "evidence_rows": tuple(told)})


def _standing(passage: Passage, rows: Mapping[str, Evidence]) -> Passage | None:
    kept = tuple(claim for claim in passage.sentences if all(cite in rows for cite in claim.cites))
    return passage.model_copy(update={"sentences": kept}) if kept else None
