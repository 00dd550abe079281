"""A finished case becomes files in a folder; how the user wants them is kept with the case, for when it is resumed."""

from __future__ import annotations

import platform
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from panda_agent.cli.output import say
from panda_agent.database import LEDGER
from panda_agent.errors import PandaError, UserError
from panda_agent.memory.case_store import CaseStore, case_folder
from panda_agent.reporting import write_case_files
from panda_agent.types import Model, Verdict

_WISH, _SECONDS = "delivery", "seconds"
"""Notes of the case that the command line keeps."""


class Delivery(Model):
    """Where the files of a case go, and which are made."""

    out: str | None = None
    """Absolute; None is `report/` inside the case."""
    blur: bool = False
    annotated: bool = False
    clips: bool = False


@dataclass(frozen=True)
class Delivered:
    """A finished case and its files."""

    case_id: str
    name: str
    """The video's display name: untrusted text."""
    verdict: Verdict
    files: dict[str, Path]

    def as_json(self) -> dict[str, Any]:
        """The verdict's fields, with the case id and the paths beside them."""
        paths = {name: str(path) for name, path in self.files.items()}
        return {**self.verdict.model_dump(mode="python"), "case_id": self.case_id, "files": paths}


def wish_of(
    out: Path | None = None, blur: bool | None = None, annotated: bool | None = None, clips: bool | None = None
) -> dict[str, Any]:
    """The options that were given, in the shape of a Delivery; those that were not are left out.

    Raises:
        UserError: The folder can't be made, which is better known before an hour of work than after.
    """
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The folder {out} can't be made: {error.strerror}.", hint="Choose another --out."
            ) from error
    given = {"out": None if out is None else str(out.absolute()), "blur": blur, "annotated": annotated, "clips": clips}
    return {name: value for name, value in given.items() if value is not None}


def keep(store: CaseStore, wish: dict[str, Any], seconds: float = 0.0) -> None:
    """Remember what is wished, over what was wished before, and the seconds of work of one more run."""
    store.put_note(_WISH, _kept(store).model_copy(update=wish).model_dump(mode="json"))
    store.put_note(_SECONDS, round(float(store.note(_SECONDS) or 0.0) + seconds, 3))


def deliver(home: Path, case_id: str, wish: dict[str, Any]) -> Delivered:
    """Write the files of a finished case, as wished when it was opened or now.

    Raises:
        CaseNotFound: There is no such case.
        UserError: It is not finished, or the folder can't be written.
    """
    with CaseStore.open(case_folder(home, case_id)) as store:
        kept = store.note("verdict")
        if kept is None:
            raise UserError(f"Case {case_id} has no verdict yet.", hint=f"Finish it with `panda resume {case_id}`.")
        keep(store, wish)
        final, verdict = _kept(store), Verdict.model_validate(kept)
        files = write_case_files(
            verdict,
            _video(store),
            store.folder / "report" if final.out is None else Path(final.out),
            run=_run_facts(store),
            blur=final.blur,
            annotated=final.annotated,
            clips=final.clips,
            kept=store.folder,
        )
        return Delivered(case_id, store.record.video, verdict, files)


def _kept(store: CaseStore) -> Delivery:
    return Delivery.model_validate(store.note(_WISH) or {})


def _video(store: CaseStore) -> Path | None:
    """The video of the case, if it is still the one that was investigated; else the report has no pictures."""
    from panda_agent.nodes.materials import SPOOL
    from panda_agent.video import probe

    record = store.record
    if record.path is None and "recording" in record.hashes:
        return None
    path = store.folder / SPOOL if record.path is None else Path(record.path)
    try:
        same = record.path is None or probe(path).fingerprint == record.fingerprint
    except PandaError as error:
        say(f"note: the report has no pictures: {error.message}")
        return None
    if not same:
        say(f"note: the report has no pictures: {path} is another video by now.")
    return path if same else None


def _run_facts(store: CaseStore) -> dict[str, Any]:
    """What may differ from run to run; only from the case, so that writing again gives the same file."""
    record = store.record
    finished = next((row.at for row in store.log_rows() if row.step == "conclude"), None)
    return {
        "case_id": record.case_id,
        "video": record.path or record.video,
        "opened": record.created,
        "finished": finished,
        "seconds": store.note(_SECONDS),
        "panda_agent": version("panda-agent"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        **_model_facts(store),
    }


def _model_facts(store: CaseStore) -> dict[str, Any]:
    """What the model was asked, where it was: what was paid, what was not paid again, what may have been paid twice."""
    home = store.folder.parents[1]
    if store.note("profile") is None or not (home / LEDGER).is_file():
        return {}
    from panda_agent.backends.ledger import Ledger

    with closing(Ledger.of(home)) as ledger:
        return {"model": ledger.spent(store.record.case_id).model_dump()}
