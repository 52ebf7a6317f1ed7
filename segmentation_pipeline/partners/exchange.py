"""One HTTP exchange, bounded in every way: time, size, and where it goes.

An answer is a value and so is its absence: whoever asked decides whether to ask again. No message
quotes what was sent or received, so that none can carry a key or a person's data.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import httpx

from segmentation_pipeline.partners.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

# Both write addresses, and with them keys in queries, at their lower levels.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Limits:
    """``connect`` and ``total`` in seconds, from the first look-up to the last byte; ``body`` in bytes."""

    connect: float
    total: float
    body: int


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Its parts may be secret: none is shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names are small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, to follow the partner's name in a sentence; ``passing`` may help to wait."""

    reason: str
    passing: bool = True


class Exchange:
    """A connection to one partner, kept open between requests; to be closed, so a context manager.

    Redirects are not followed, certificates are verified, and a loopback address is never reached
    through a proxy.
    """

    def __init__(self, address: str, limits: Limits) -> None:
        self._limits = limits
        self._direct = is_loopback(address)
        self._runner = asyncio.Runner()
        self._client: httpx.AsyncClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._runner.run(self._client.aclose())
        self._runner.close()

    def send(self, request: Request, *, with_body: bool = True) -> Answer | Failure:
        """Return the answer to ``request``, without its body where nobody wants it."""
        return self._runner.run(self._bounded(request, with_body))

    async def _bounded(self, request: Request, with_body: bool) -> Answer | Failure:
        try:
            async with asyncio.timeout(self._limits.total):
                return await self._exchanged(request, with_body)
        except (TimeoutError, httpx.TimeoutException):
            return Failure(f"gave no whole answer within {self._limits.total:g} s")
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return Failure("has a certificate that is not trusted", passing=False)
            return Failure("cannot be reached")
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
            return Failure("cannot be sent this request: it is not valid HTTP", passing=False)
        except httpx.RemoteProtocolError:
            return Failure("broke off or does not speak HTTP")
        except httpx.TransportError:
            return Failure("broke the connection")

    async def _exchanged(self, request: Request, with_body: bool) -> Answer | Failure:
        headers = {"Accept-Encoding": "identity", "User-Agent": "segmentation_pipeline", **request.headers}
        sending = self._opened().stream(
            request.method, request.url, headers=headers, content=request.body, follow_redirects=False
        )
        async with sending as response:
            told = {name.lower(): value for name, value in response.headers.items()}
            if response.is_redirect or 300 <= response.status_code < 400:
                return Failure("redirects elsewhere, which is not followed", passing=False)
            if not with_body:
                return Answer(response.status_code, told, b"")
            if told.get("content-encoding", "identity") != "identity":
                return Failure("answers compressed, which it was not asked to", passing=False)
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > self._limits.body:
                    return Failure(f"answers with more than {self._limits.body:,} bytes", passing=False)
            return Answer(response.status_code, told, bytes(body))

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(self._limits.total, connect=self._limits.connect),
                trust_env=not self._direct,
                limits=httpx.Limits(max_connections=1),
            )
        return self._client
