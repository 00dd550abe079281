"""The embeddable API: open a case, stream it, pause it, resume it. Async inside, with a thin sync face."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager, aclosing
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from panda_agent.case_file import CaseFile, reopened
from panda_agent.errors import CasePaused, VideoError
from panda_agent.memory.case_store import CaseStore
from panda_agent.memory.cases import find_case
from panda_agent.memory.lock import working_on
from panda_agent.memory.record import Status
from panda_agent.memory.recording import Probe
from panda_agent.nodes.desk import Case, CaseStores, Desk, verdict_of
from panda_agent.nodes.materials import VideoSource
from panda_agent.nodes.state import CaseState
from panda_agent.reasoning.base import Reasoner
from panda_agent.settings import Settings, load_settings
from panda_agent.tools import Tool
from panda_agent.tools.ask_human import HumanAnswer, answer_from, nobody
from panda_agent.types import EVENT, CaseRequest, Event, HumanAsked, TimeSpan, Verdict, VerdictReached, Zone
from panda_agent.types.request import OnMiss
from panda_agent.video import list_videos

T = TypeVar("T")
Hand = Callable[[Event], Awaitable[None]]
"""Hands an event over, and returns when the next is asked for."""


class Investigator:
    """Investigates videos. One investigator may run many cases, also at the same time.

    Args:
        settings: Read from environment and panda.toml by default.
        tools: More tools, or others of the same name as those that ship.
        reasoner: Who plans, judges and concludes; by default a model where there is one, else the rules.
        store: Where cases are kept; SQLite files under `PANDA_HOME` by default.
        keep: Given each finished look of a tool; see `Recorder`.

    Example:
        >>> verdict = Investigator().investigate("yard.mp4", question="Does anyone climb the fence?")
        >>> print(verdict.label, verdict.headline)
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        tools: Iterable[Tool] = (),
        reasoner: Reasoner | None = None,
        store: CaseStores = CaseStore,
        keep: Callable[[Probe], None] | None = None,
    ) -> None:
        self.desk = Desk(settings or load_settings(), tools, reasoner, store, keep)

    def open(
        self,
        source: VideoSource = None,
        *,
        question: str | None = None,
        normal: Sequence[str | PathLike[str]] = (),
        zones: Sequence[Zone] = (),
        started_at: str | None = None,
        case_id: str | None = None,
        recording: str | PathLike[str] | None = None,
        on_miss: OnMiss = "undecided",
    ) -> str:
        """Open a case and commit it; from now on `resume` takes it up. Loads nothing heavy.

        Args:
            source: A path, a binary file object, or an iterator of (seconds, RGB array (h, w, 3) uint8); None where
                there is only a recording.
            question: What the doubt is about; None checks everything the rules know.
            normal: Videos, or folders of videos, of normal life before this camera.
            zones: Named parts of the picture.
            started_at: ISO time of second 0.
            case_id: A name of your choice; else one is made.
            recording: Replay observations from this file instead of looking.
            on_miss: What to do about a look that it does not hold: `fail`, leave it `undecided`, or look `live`.

        Returns:
            The case id.

        Raises:
            UserError: A file is missing, or a case of that id exists.
            VideoError: The video can't be investigated.
        """
        path = str(Path(source).absolute()) if isinstance(source, (str, PathLike)) else None
        request = CaseRequest(
            video=path,
            question=question,
            normal=tuple(str(video) for place in normal for video in _videos(Path(place))),
            zones=tuple(zones),
            started_at=started_at,
            recording=None if recording is None else str(Path(recording).absolute()),
            on_miss=on_miss,
        )
        return self.desk.open(source if path is None else Path(path), request, case_id).id

    def stream(self, source: VideoSource = None, **request: Any) -> AsyncGenerator[Event, None]:
        """Investigate, and yield every event as it happens; the last is `VerdictReached`.

        Leaving the loop early pauses the case. Arguments are those of `open`.
        """

        async def work(hand: Hand) -> None:
            await self._work(await asyncio.to_thread(self.open, source, **request), None, hand)

        return _handed(work)

    def resume(
        self, case_id: str, source: VideoSource = None, *, answer: str | dict[str, str] | None = None
    ) -> AsyncGenerator[Event, None]:
        """Go on with a case and yield its events; a finished one yields its verdict at once.

        Args:
            case_id: The case.
            source: The frames once more, for a case whose iterator was not read to its end.
            answer: What a person says to the question of the last `HumanAsked`: yes, no or unclear, or an object
                {"answer": ..., "note": ...}.

        Raises:
            CaseNotFound: There is no such case; the hint names the nearest.
            UserError: Another process, or another run in this one, works on it; or the answer is none.
        """
        said = None if answer is None else answer_from(answer)
        return _handed(lambda hand: self._work(case_id, source, hand, said))

    async def _work(self, case_id: str, source: VideoSource, hand: Hand, answer: HumanAnswer | None = None) -> None:
        with working_on(find_case(self.desk.settings.root, case_id)):
            case = await asyncio.to_thread(self.desk.case, case_id, source)
            try:
                done = verdict_of(case)
                if done is None:
                    await _run(self.desk, case, hand, answer)
                    return
            finally:
                # Before the lock goes: a node's thread that was left behind can't write after this.
                self.desk.close(case_id)
        await hand(VerdictReached(case_id=case_id, verdict=done))

    async def ainvestigate(self, source: VideoSource = None, **request: Any) -> Verdict:
        """Investigate to the end. Arguments are those of `open`."""
        return await _last(self.stream(source, **request))

    def investigate(self, source: VideoSource = None, **request: Any) -> Verdict:
        """`ainvestigate` for code that is not async; also works inside a running event loop."""
        return run_sync(self.ainvestigate(source, **request))

    def reopen(self, case_id: str) -> AbstractContextManager[CaseFile]:
        """A finished case for the length of a `with` block: verdict, evidence, and what it would be with less of it.

        Raises:
            CaseNotFound: There is no such case; the hint names the nearest.
            UserError: It has no verdict yet, somebody works on it, or its video, recording or rules are not there.
        """
        return reopened(self.desk, case_id)

    def fork(self, case_id: str, *, at: str = "plan", rules: str | None = None, name: str | None = None) -> str:
        """Open a new case that reuses all that another one saw; `resume` goes on with it from a step.

        No tool looks again at what was looked at, and model calls that were made are answered from the ledger.

        Args:
            case_id: The other case.
            at: `plan`, `reason N` (before clip N, counted from 1, is judged) or `conclude`.
            rules: Another rule pack: one that ships, or a path.
            name: An id for the new case; else one is made.

        Returns:
            The new case's id.

        Raises:
            CaseNotFound: There is no such case.
            UserError: There is no such step, or what it saw by is not there any more.
        """
        from panda_agent.nodes.fork import fork

        case, state = fork(self.desk, case_id, at, rules, name)
        try:
            if state is not None:
                run_sync(_placed(self.desk, case, state))
        finally:
            self.desk.close(case.id)
        return case.id

    def pause(self, case_id: str) -> None:
        """Ask a running case to stop at the next frame; it can be resumed. Safe from any thread and from signals."""
        self.desk.case(case_id).pause.set()


async def ainvestigate(source: VideoSource = None, *, settings: Settings | None = None, **request: Any) -> Verdict:
    """Investigate one video. See `Investigator.open` for the arguments."""
    return await Investigator(settings).ainvestigate(source, **request)


def investigate(source: VideoSource = None, *, settings: Settings | None = None, **request: Any) -> Verdict:
    """Investigate one video and wait for the verdict. See `Investigator.open` for the arguments.

    Example:
        >>> from panda_agent import investigate
        >>> verdict = investigate("video.mp4", question="Does anyone ride where people walk?")
        >>> for claim in verdict.explanation:
        ...     print(claim.span, claim.text, claim.cites)
    """
    return Investigator(settings).investigate(source, **request)


async def _run(desk: Desk, case: Case, hand: Hand, answer: HumanAnswer | None) -> None:
    """Run the graph from its last checkpoint, or from the start, to its verdict or to a question for a person."""
    from langgraph.types import Command
    from langsmith import tracing_context

    from panda_agent.checkpoints import checkpoints_in
    from panda_agent.graph import build_graph

    left: Status = "paused"
    finished = False
    if case.store.record.status in ("paused", "failed"):
        case.store.set_status("open")
    async with checkpoints_in(case.folder) as saver:
        graph = build_graph(desk=desk, checkpointer=saver)
        # The budget of steps is the nodes' to keep: LangGraph's limit would be an error, and no verdict.
        config: Any = {"configurable": {"thread_id": case.id}, "recursion_limit": sys.maxsize // 2}
        start: Any = None if await saver.aget_tuple(config) else {"case_id": case.id}
        waiting = await _question_of(graph, config, case)
        if waiting is not None:
            answer = answer or nobody(waiting.deadline)
            start = None if answer is None else Command(resume=answer.model_dump())
        try:
            if waiting is not None and answer is None:
                await hand(waiting)
                return
            parts: Any = graph.astream(start, config, stream_mode="custom", durability="sync")
            # LANGSMITH_TRACING in the environment would send every step away; nothing leaves the machine.
            with tracing_context(enabled=False):
                async with aclosing(parts):
                    async for part in parts:
                        await hand(EVENT.validate_python(part))
            waiting = await _question_of(graph, config, case)
            if waiting is not None:
                await hand(waiting)
                return
            finished = True
        except VideoError:
            left = "failed"
            raise
        finally:
            if not finished:
                # The node's thread must not go on behind the back of whoever left.
                case.pause.set()
                if verdict_of(case) is None:
                    case.store.set_status(left)


async def _placed(desk: Desk, case: Case, state: CaseState) -> None:
    """Put the loop of a case where a clip was just recorded."""
    from panda_agent.checkpoints import checkpoints_in
    from panda_agent.graph import build_graph

    async with checkpoints_in(case.folder) as saver:
        graph = build_graph(desk=desk, checkpointer=saver)
        config: Any = {"configurable": {"thread_id": case.id}}
        await graph.aupdate_state(config, state, as_node="record")


async def _question_of(graph: Any, config: Any, case: Case) -> HumanAsked | None:
    """The question that the case waits for, if it does."""
    asked = [one.value for one in (await graph.aget_state(config)).interrupts]
    if not asked:
        return None
    span = TimeSpan(start=asked[0].pop("start"), end=asked[0].pop("end"))
    return HumanAsked(case_id=case.id, span=span, **asked[0])


async def _handed(work: Callable[[Hand], Awaitable[None]]) -> AsyncGenerator[Event, None]:
    """Yield what `work` hands over; it stands still until the next event is asked for, and ends with the generator.

    The work is a task, not a generator inside this one: of generators inside each other that are left half-way, an
    event loop that shuts down closes all at once, and they trip over each other.
    """
    handed: asyncio.Queue[Event | None] = asyncio.Queue()

    async def hand(event: Event) -> None:
        handed.put_nowait(event)
        await handed.join()

    async def worked() -> None:
        try:
            await work(hand)
        finally:
            handed.put_nowait(None)

    task = asyncio.create_task(worked())
    try:
        while (event := await handed.get()) is not None:
            yield event
            handed.task_done()
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _last(events: AsyncGenerator[Event, None]) -> Verdict:
    verdict: Verdict | None = None
    async for event in events:
        if isinstance(event, VerdictReached):
            verdict = event.verdict
        elif isinstance(event, HumanAsked):
            raise CasePaused(
                f"Case {event.case_id} waits for a person: is it so that {event.statement}",
                hint=f"Answer with `panda resume {event.case_id} --answer yes|no|unclear`, or `resume(answer=…)`."
                + (f" From {event.deadline} on it goes on without." if event.deadline else ""),
            )
    assert verdict is not None
    return verdict


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from sync code; in a thread of its own where an event loop runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # boundary: raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body, name="panda-investigate")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _videos(place: Path) -> list[Path]:
    """A video, or the videos of a folder, as absolute paths."""
    return [path.absolute() for path in (list_videos(place) if place.is_dir() else [place])]
