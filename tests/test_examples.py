"""Every example runs, from the command line's arguments to what it prints."""

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import av
import pytest

from panda_agent.prompts import check_evidence, load_pack
from panda_agent.tools import kinds_of, shipped_specs

ROOT = Path(__file__).resolve().parents[1]
VIDEO = "out/demo/cyclist_0007.mp4"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder in which `make demo` did its work, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PANDA_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def short(demo, tmp_path_factory):
    """A folder with the first 17 seconds of that video, where examples look when none is named."""
    folder = tmp_path_factory.mktemp("short")
    (folder / VIDEO).parent.mkdir(parents=True)
    with av.open(str(demo[0] / VIDEO)) as whole, av.open(str(folder / VIDEO), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base < 17:
                packet.stream = stream
                part.mux(packet)
    return folder


@pytest.fixture
def video(short, monkeypatch):
    monkeypatch.chdir(short)
    return VIDEO


def run(capsys, name, *arguments):
    """Run an example in this process, which has its libraries loaded, and return the lines it printed."""
    done = importlib.import_module(f"examples.{name}").main(arguments)
    if inspect.iscoroutine(done):
        asyncio.run(done)
    return capsys.readouterr().out.splitlines()


def test_demo_writes_a_report_and_says_where(demo):
    folder, printed = demo
    assert printed.rstrip().endswith("The report lies at out/demo/report.html")
    assert "Planted: cyclist at " in printed
    assert (folder / "out/demo/report.html").read_text("utf-8").startswith("<!doctype html>")
    verdict = json.loads((folder / "out/demo/verdict.json").read_text("utf-8"))
    assert f"\n{verdict['headline']}\n" in printed


def test_make_demo_runs_it():
    recipe = (ROOT / "Makefile").read_text().partition("\ndemo: setup\n")[2]
    assert recipe.startswith("\t$(PY) -m examples.demo\n")


def test_investigate_prints_the_evidence_of_every_claim(capsys, video):
    lines = run(capsys, "investigate")  # no video named: it takes the one that lies there
    assert lines[0].split(":")[0] in ("anomalous", "normal", "inconclusive")
    claims = [line for line in lines if line.startswith("- ") and not line.startswith("- set aside")]
    assert claims
    for claim in claims:
        cite = claim.rpartition("['")[2].rstrip("']")
        assert any(line.startswith(f"    {cite} ") for line in lines), claim


def test_embed_sees_the_case_from_its_opening_to_its_verdict(capsys, video):
    lines = run(capsys, "embed", video)
    assert lines[0].endswith(": opened")
    assert sum(line.startswith("clip 0:") for line in lines) >= 3
    assert lines[-1].startswith(lines[0].removesuffix("opened"))


def test_frames_from_a_pipeline_are_investigated(capsys, video):
    lines = run(capsys, "frames_from_a_pipeline", video)
    assert re.fullmatch(r"2\d\d frames, 1[67]\.\d+ s", lines[0])
    assert lines[1].split(":")[0] in ("anomalous", "normal", "inconclusive")


def test_a_conversation_is_written_down(capsys, video, tmp_path):
    lines = run(capsys, "conversation", video, "that is a race that was announced", str(tmp_path / "talk.md"))
    asked = [line for line in lines if line.startswith("> ")]
    assert asked[:2] == ["> verdict", "> why"]
    assert len(asked) >= 8
    assert any(line.startswith("Version 2: anomalous") for line in lines)
    assert "> verdict 1" in (tmp_path / "talk.md").read_text("utf-8")


def test_custom_tool_files_its_own_kind_of_evidence(capsys, video):
    lines = run(capsys, "custom_tool", video)
    assert lines
    assert all("Something red is seen for " in line for line in lines)


def test_custom_rules_judge_by_it(capsys, video):
    lines = run(capsys, "custom_rules", video)
    assert lines[0].startswith("anomalous: Yes: Somebody in red clothes")
    assert any(line.startswith("red.moves@1 fired: Something red passes within ") for line in lines)
    assert "mind: One kind of source (colour) backs this verdict." in lines


def test_graph_parent_acts_on_the_verdict(capsys, video):
    (line,) = run(capsys, "graph_parent", video)
    assert line == "file it" or line.startswith("call the guard: ")


def test_the_custom_pack_keeps_the_contract_of_packs(capsys):
    from examples.custom_rules import PACK
    from examples.custom_tool import FindRed

    pack = load_pack(str(PACK))
    check_evidence(pack, kinds_of([*shipped_specs(), FindRed.spec]))
    assert run(capsys, "check_pack", str(PACK))[-1] == f"red-things: {len(pack.rules)} rules, 0 broken"


def test_check_pack_tells_a_broken_word(capsys, tmp_path):
    from examples.custom_rules import PACK

    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        PACK.read_text().replace("{kind: red_thing, at: [3, 9], seconds: 6", "{kind: red_thing, at: [3, 9], seconds: 0")
    )
    lines = run(capsys, "check_pack", str(wrong))
    assert [line for line in lines if line.startswith("BROKEN red.moves: seconds is 0, needs >= 1 (e0)")]
    assert lines[-1].endswith(" 1 broken")


def test_langgraph_json_names_a_factory_that_a_server_can_call():
    """A server imports the file and calls a function it finds; one with parameters gets the server's configuration."""
    config = json.loads((ROOT / "langgraph.json").read_text())
    assert config["dependencies"] == ["."]
    for reference in config["graphs"].values():
        path, name = reference.split(":")
        spec = importlib.util.spec_from_file_location("served", ROOT / path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        factory = getattr(module, name)
        assert not inspect.signature(factory).parameters
        graph = factory()
        assert graph.checkpointer is None
        assert set(graph.get_input_jsonschema()["properties"]) >= {"video", "question", "settings"}
        assert set(graph.get_output_jsonschema()["properties"]) == {"case_id", "verdict"}
