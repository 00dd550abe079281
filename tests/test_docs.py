"""What the docs say is so: commands run, links lead somewhere, and tables agree with the code."""

import ast
import http.server
import importlib.util
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import typer
import yaml

from panda_agent import errors
from panda_agent.cli.app import app
from panda_agent.cli.inputs import zones_of
from panda_agent.prompts import SHIPPED
from panda_agent.types import Verdict

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w*)( run)?\n(.*?)^```$", re.M | re.S)
VIDEO = "out/demo/cyclist_0007.mp4"


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(language, page):
    """The runnable blocks of a page."""
    return [text for tag, run, text in BLOCK.findall(page.read_text("utf-8")) if (tag, run) == (language, " run")]


RUNNABLE = [
    pytest.param(language, text, id=f"{name_of(page)}: {text.splitlines()[0][:40]}")
    for page in PAGES
    for language in ("bash", "python")
    for text in blocks(language, page)
    if not text.startswith("panda investigate")  # the fixture runs it: others need what it leaves
]


@pytest.fixture(scope="module")
def eavesdropper():
    """What a LangGraph program would send to LangSmith, were tracing not off."""
    heard = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, heard
        server.shutdown()


@pytest.fixture(scope="module")
def reader(tmp_path_factory, eavesdropper):
    """Somebody who read on after `make demo`, in a folder of their own."""
    from examples.demo_scenes import render

    folder = tmp_path_factory.mktemp("reader")
    (folder / VIDEO).parent.mkdir(parents=True)
    render("cyclist", 7, folder / VIDEO)
    environment = os.environ | {
        "PANDA_HOME": str(folder / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LANGSMITH_TRACING": "true",
        "LANGSMITH_API_KEY": "k",
        "LANGSMITH_ENDPOINT": f"http://127.0.0.1:{eavesdropper[0]}",
    }

    def run(command):
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=True
        )

    return run


@pytest.fixture(scope="module")
def investigated(reader):
    """What the README's first investigation prints."""
    (command,) = [text for text in blocks("bash", PAGES[0]) if text.startswith("panda investigate")]
    return reader(["bash", "-ec", command]).stdout


@pytest.mark.parametrize(("language", "text"), RUNNABLE)
def test_a_runnable_block_runs(language, text, reader, investigated, monkeypatch, capsys):
    if language == "bash":
        assert reader(["bash", "-ec", text]).stdout
        return
    monkeypatch.chdir(reader(["pwd"]).stdout.strip())
    exec(compile(text, "block", "exec"), {})  # here, where the libraries are loaded
    assert capsys.readouterr().out


def test_the_first_investigation_prints_what_the_readme_shows(investigated):
    shown = next(text for tag, _, text in BLOCK.findall(PAGES[0].read_text("utf-8")) if tag == "text")
    masked = [re.sub(r"\d[\d.:]*", "#", text).split("\nBecause\n")[0] for text in (shown, investigated)]
    assert masked[0] == masked[1]


def test_nothing_leaves_the_machine(investigated, eavesdropper):
    assert eavesdropper[1] == []


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(page):
    text = BLOCK.sub("", page.read_text("utf-8"))
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M) if target.suffix == ".md" else []
        if not target.exists() or (anchor and anchor not in map(slug, headings)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_files_exist(page):
    """Paths whose first folder is one of ours; docs/breakage.md names tests from the folder of tests."""
    named = re.findall(
        r"(?<![\w/])((?:docs|tests|examples|benchmarks|prompts|tools|memory)/[\w/.-]+\w)", page.read_text("utf-8")
    )
    assert [path for path in named if not any((root / path).exists() for root in (ROOT, ROOT / "tests"))] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_options_exist(page):
    known = typer.main.get_command(app)
    text = page.read_text("utf-8")
    code = [body for tag, _, body in BLOCK.findall(text) if tag == "bash"] + re.findall(
        r"`([^`\n]+)`", BLOCK.sub("", text)
    )
    unknown = []
    for words in re.findall(r"(?<!\S)panda ([^\n#·]+)", "\n".join(code)):
        command, rest = known, words.split()
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        options = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
        wrong = [word for word in rest if word.startswith("--") and word not in options]
        if wrong or (hasattr(command, "commands") and rest and not rest[0].startswith("-")):
            unknown.append(words)
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^)make (\w+)", page.read_text("utf-8"), re.M)) <= targets


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "docs"], ids=name_of)
def test_a_page_is_short(page):
    """But for the tables that are written by the runs themselves."""
    written = re.sub(r"<!-- (results|ablations) -->.*?<!-- /\1 -->", "", page.read_text("utf-8"), flags=re.S)
    assert len(written.splitlines()) <= 150


def test_evidence_kinds_are_those_that_tools_make():
    spec = importlib.util.spec_from_file_location("list_evidence", ROOT / "docs" / "list_evidence.py")
    listing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(listing)
    assert listing.PAGE.read_text("utf-8") == listing.page(), "run python docs/list_evidence.py"


def test_every_field_of_a_verdict_is_explained():
    text = (ROOT / "docs" / "verdict.md").read_text("utf-8")
    rows = [name for cells in re.findall(r"^\| (`.*?) \|", text, re.M) for name in re.findall(r"`(\w+)`", cells)]
    assert sorted(rows) == sorted(Verdict.model_fields)
    parts = [part for name, part in Verdict.model_json_schema()["$defs"].items() if name not in ("Evidence", "Region")]
    fields = {field for part in parts for field in part.get("properties", ())}
    assert {field for field in fields if f"`{field}`" not in text} == set()


def test_the_annotated_rule_is_the_one_that_ships():
    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    shown = [yaml.safe_load(body)[0] for tag, _, body in BLOCK.findall(text) if tag == "yaml"]
    shipped = yaml.safe_load((SHIPPED / "common.yaml").read_text("utf-8"))
    (rule,) = [rule for rule in shipped["rules"] if rule["id"] == shown[0]["id"]]
    assert shown[0] == rule
    (event,) = [event for event in shipped["event_types"] if event["id"] == shown[1]["id"]]
    assert {**shown[1], "keywords": event["keywords"]} == event
    assert set(shown[1]["keywords"]) <= set(event["keywords"])


def test_the_zones_shown_are_zones(tmp_path):
    text = (ROOT / "docs" / "rules.md").read_text("utf-8")
    (body,) = [body for tag, _, body in BLOCK.findall(text) if tag == "yaml" and body.startswith("- {name:")]
    (tmp_path / "zones.yaml").write_text(body)
    assert [zone.type for zone in zones_of(tmp_path / "zones.yaml")] == ["area", "ignore", "line"]


def test_exit_codes_are_those_of_the_errors():
    table = PAGES[0].read_text("utf-8").partition("## Exit codes\n")[2].partition("\n## ")[0]
    told = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for code in row.split(", ")}
    raised = {
        one.exit_code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.PandaError)
    }
    assert told == raised | {0, 10, 143}


def test_examples_named_in_docs_say_how_they_are_run():
    for path in sorted((ROOT / "examples").glob("*.py")):
        about = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if "__main__" in path.read_text("utf-8"):
            assert f"python -m examples.{path.stem}" in about, path.name
