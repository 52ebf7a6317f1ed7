"""What every test shares: steady random examples, and a real HTTP server on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@dataclass(frozen=True)
class Reply:
    """What a server answers: after ``delay`` seconds; ``reset`` breaks the connection instead.

    ``drip`` sends the body's bytes one by one for ever; ``endless`` sends the body again and again.
    """

    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    cut: bool = False
    drip: float = 0.0
    endless: bool = False


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict
    body: bytes


class WebServer:
    """A server on loopback; ``answer`` makes a `Reply` of a `Received`."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer = lambda _: Reply()
        self.stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self):
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.command, self.path, headers, self.rfile.read(length))
                outer.received.append(request)
                try:
                    outer.write(self, outer.answer(request))
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = _any  # noqa: N815 — the names that the library calls

            def log_message(self, *_):
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_address[1]}"
        self.thread = threading.Thread(target=self.httpd.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def write(self, handler, reply: Reply) -> None:
        self.stopping.wait(reply.delay)
        if reply.reset:
            handler.close_connection = True
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.endless or reply.drip:
            handler.send_header("Content-Length", "1000000000")
        elif "Content-Length" not in reply.headers:
            handler.send_header("Content-Length", str(len(reply.body) * (2 if reply.cut else 1)))
        handler.end_headers()
        handler.wfile.write(reply.body)
        while (reply.endless or reply.drip) and not self.stopping.is_set():
            handler.wfile.write(reply.body if reply.endless else b" ")
            time.sleep(reply.drip)
        if reply.cut:
            handler.close_connection = True

    def close(self) -> None:
        self.stopping.set()
        self.httpd.shutdown()
        self.httpd.server_close()
        self.thread.join()


@contextlib.contextmanager
def serving():
    server = WebServer()
    server.Reply = Reply
    yield server
    server.close()


@pytest.fixture(scope="session")
def serve():
    """Serve on loopback for as long as a block lasts: a `WebServer`."""
    return serving


@pytest.fixture
def web():
    """A real HTTP server on loopback, and `Reply` to answer with."""
    with serving() as server:
        yield server
