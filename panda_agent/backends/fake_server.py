"""An OpenAI-compatible endpoint on this machine that plays a script: for tests that are to meet real HTTP.

    with FakeServer(Script(personality="obedient")) as server:
        settings = ModelSettings(base_url=server.base_url)

It binds to the loopback interface only, asks for no key, and keeps every request that it saw.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from panda_agent.backends.openai_chat import PURPOSE_HEADER
from panda_agent.backends.player import Player
from panda_agent.backends.script import Script
from panda_agent.backends.script_response import Outcome, wrong
from panda_agent.errors import UserError

HOST = "127.0.0.1"
MOST_BYTES = 64_000_000
"""Largest request."""
TRICKLE = 0.1
"""Seconds between the blanks of a stalled response."""


@dataclass(frozen=True)
class Seen:
    """A request that came."""

    method: str
    path: str
    purpose: str
    headers: Mapping[str, str] = field(repr=False)
    """By name in small letters."""
    body: Any = field(repr=False)
    """What its JSON says; None where it is no JSON."""


class FakeServer:
    """Serves from `start`, or from the beginning of a `with` block, until `close`.

    Args:
        script: What it answers.
        port: Where it listens; 0 takes a free port.

    Raises:
        UserError: The port is taken, or there is none of that number.
    """

    def __init__(self, script: Script, port: int = 0) -> None:
        self.requests: list[Seen] = []
        """All requests, in the order in which they came."""
        self.peak = 0
        """Most requests that were under way at the same time."""
        self.closing = threading.Event()
        self._player = Player(script)
        self._lock = threading.Lock()
        self._busy = 0
        self._open: set[socket.socket] = set()
        try:
            self._server = _Listener((HOST, port), self)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UserError(f"Port {port} can't be used: {why}.", hint="Take another, or 0 for a free one.") from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="fake model", daemon=True)

    @property
    def base_url(self) -> str:
        """What `model.base_url` is to be."""
        return f"http://{HOST}:{self._server.server_port}/v1"

    @property
    def asked(self) -> list[Seen]:
        """The requests for replies, without those for the list of models."""
        return [request for request in self.requests if request.method == "POST"]

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and cut off whatever is under way; closing twice is fine."""
        if self.closing.is_set():
            return
        self.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the client was quicker
                    connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def answer(self, seen: Seen, raw: bytes) -> Outcome:
        """What the script says to a request, which is kept."""
        with self._lock:  # both, so that the n-th request kept is the n-th one played
            self.requests.append(seen)
            return self._player.handle(seen.method, seen.path, seen.purpose, raw)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request for the length of a block."""
        with self._lock:
            self._busy += 1
            self.peak = max(self.peak, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    @contextmanager
    def holding(self, connection: socket.socket) -> Iterator[None]:
        """Know of a connection for the length of a block, so that it can be cut."""
        with self._lock:
            if self.closing.is_set():
                connection.shutdown(socket.SHUT_RDWR)
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)


class _Listener(ThreadingHTTPServer):
    """Takes connections; each has a thread, which `server_close` waits for."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], fake: FakeServer) -> None:
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a defect, and is told as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # head and body leave together: the system would hold the second piece back
    server: _Listener

    def handle(self) -> None:
        with self.server.fake.holding(self.connection):
            super().handle()

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True  # the body is still in the way
            self._send(wrong(f"A request has a length of at most {MOST_BYTES} bytes.", status=413))
            return
        self._serve(self.rfile.read(int(length)))

    def _serve(self, raw: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        purpose = headers.get(PURPOSE_HEADER.lower(), "")
        seen = Seen(self.command, self.path, purpose, headers, _json(raw))
        fake = self.server.fake
        with fake.under_way():
            outcome = fake.answer(seen, raw)
            if fake.closing.wait(outcome.delay):
                self.close_connection = True
                return
            if outcome.stall:
                self._trickle(outcome)
                return
        self._send(outcome)  # no more under way: the client may ask again before we are back from here

    def _send(self, outcome: Outcome) -> None:
        body = outcome.body.encode()
        self._head(outcome, {"content-length": str(len(body))})
        if outcome.close:
            self.close_connection = True
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def _trickle(self, outcome: Outcome) -> None:
        """Blanks before JSON are JSON: whoever waits for the next byte waits for ever."""
        self._head(outcome, {"connection": "close"})
        while not self.server.fake.closing.wait(TRICKLE):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _head(self, outcome: Outcome, more: Mapping[str, str]) -> None:
        self.send_response(outcome.status)
        for name, value in {**outcome.headers, **more}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written: a log would hold what the requests say."""


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
