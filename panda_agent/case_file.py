"""A finished case, taken from the shelf: its verdict, its evidence, and what it would be with less of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.memory.cases import find_case
from panda_agent.memory.lock import working_on
from panda_agent.nodes.desk import Case, Desk, verdict_of
from panda_agent.types import Evidence, TimeSpan, Verdict


class CaseFile:
    """What is known of a finished case; `Investigator.reopen` hands it out, for the length of a block.

    Args:
        desk: Where the case is open.
        case: The case.
        verdict: How it ended.

    Example:
        >>> with Investigator().reopen("yard-1a2b3c") as case:
        ...     claim = case.verdict.explanation[0]
        ...     print(case.reweigh(without=claim.cites).headline)
    """

    def __init__(self, desk: Desk, case: Case, verdict: Verdict) -> None:
        self._desk, self._case = desk, case
        self.verdict = verdict

    @property
    def id(self) -> str:
        """The case id."""
        return self._case.id

    def evidence(self, *, kind: str | None = None, span: tuple[float, float] | None = None) -> list[Evidence]:
        """All evidence of the case, cited or not, rising by start.

        Args:
            kind: Only of this kind, such as `track`.
            span: Only what touches these seconds, (start, end).
        """
        wanted = None if span is None else TimeSpan(start=span[0], end=span[1])
        return self._case.store.evidence(kind=kind, span=wanted)

    def reweigh(self, without: Collection[str] = ()) -> Verdict:
        """What the verdict would be without some of the evidence. Nothing is looked at, asked or kept.

        The rules weigh what is left as if the rest had never been seen. So a rule that needs something to be absent
        may fire once that is taken away; and what a second look found is gone with its rows, not the look itself.

        Args:
            without: Rows to leave out, by `Evidence.cite`; none gives the verdict once more.

        Raises:
            UserError: The case has no such evidence.
        """
        from panda_agent.nodes.reweigh import reweigh

        unknown = sorted(cite for cite in without if self._case.store.get(cite) is None)
        if unknown:
            raise UserError(
                f"Case {self.id} has no evidence {', '.join(unknown)}.",
                hint="`evidence()` lists what it has, by `cite`.",
            )
        return reweigh(self._desk, self._case, without=without)


@contextmanager
def reopened(desk: Desk, case_id: str) -> Iterator[CaseFile]:
    """Take a finished case from the shelf; nobody else works on it meanwhile.

    Args:
        desk: Opens it, and closes it at the end of the block.
        case_id: The case.

    Raises:
        CaseNotFound: There is no such case; the hint names the nearest.
        UserError: It is not finished, somebody works on it, or what it was opened with is gone or not the same.
    """
    with working_on(find_case(desk.settings.root, case_id)):
        _check_there(desk, case_id)
        case = desk.case(case_id)
        try:
            verdict = verdict_of(case)
            if verdict is None:
                raise UserError(f"Case {case_id} has no verdict yet.", hint=f"Go on with `panda resume {case_id}`.")
            yield CaseFile(desk, case, verdict)
        finally:
            desk.close(case_id)


def _check_there(desk: Desk, case_id: str) -> None:
    """Say it in one sentence if the video is gone: without its times and bytes a case can't be weighed again."""
    from panda_agent.memory.record import peek

    path = peek(find_case(desk.settings.root, case_id)).path
    if path is not None and not Path(path).is_file():
        raise UserError(
            f"The video of case {case_id} is gone ({path}).",
            hint=f"Put it back to reopen the case; `panda cases show {case_id}` gives the verdict without it.",
        )
