from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text("model: m\nrules:\n- text: hello\n")
    return path


def started(*args):
    return subprocess.Popen(
        [sys.executable, "-m", "panda_agent.cli", "fake-model", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(script, stop):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    with started("--script", script) as process:
        url = process.stdout.readline().decode().strip()
        with urllib.request.urlopen(f"{url}/chat/completions", body, 10) as reply:
            assert json.load(reply)["choices"][0]["message"]["content"] == "hello"
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
    assert url.startswith("http://127.0.0.1:")
    assert (process.returncode, out) == (128 + stop, b"")
    assert err.decode().splitlines() == [f"Use it by PANDA_MODEL__BASE_URL={url}; Ctrl-C ends it.", "panda: stopped."]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Missing option '--script'"),
        (("--script", "gone.yaml"), "panda: The script gone.yaml can't be read: No such file or directory."),
        (("--script", "s.yaml", "--port", "70000"), "Invalid value for '--port'"),
    ],
)
def test_wrong_usage(script, args, told):
    with started(*args) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, b"")
    assert told in err.decode()
    assert err.count(b"\n") == 1
