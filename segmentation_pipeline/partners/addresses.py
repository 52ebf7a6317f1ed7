"""Where a file may send requests: over TLS, or to this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def address_fault(url: str) -> str | None:
    """Return what is wrong with an address that somebody wrote, to follow it in a sentence.

    >>> address_fault("https://api.example.com/v1") is None
    True
    >>> address_fault("http://api.example.com/v1")
    'is not encrypted: write `https://` (plain `http://` is for this machine only)'
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not host:
        return "is no address such as `https://api.example.com/v1`"
    if parts.username is not None or parts.password is not None:
        return "holds a name or a password: put them into a header, from the environment"
    if parts.scheme == "http" and not is_loopback(url):
        return "is not encrypted: write `https://` (plain `http://` is for this machine only)"
    if parts.fragment:
        return "has a part after `#`, which is never sent"
    return None


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine.

    >>> is_loopback("http://127.0.0.1:8000/x"), is_loopback("https://example.com")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def shown(url: str) -> str:
    """Return an address as messages may show it: without its query, where keys and people stand.

    >>> shown("https://api.example.com/find?email=a@b.c&key=1")
    'https://api.example.com/find'
    """
    return url.partition("?")[0]
