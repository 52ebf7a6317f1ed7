"""What proves to a receiver that a delivery is ours, and new."""

from __future__ import annotations

import hashlib
import hmac

DELIVERY = "X-Segmentation-Delivery"
EVENT = "X-Segmentation-Event"
TIMESTAMP = "X-Segmentation-Timestamp"
SIGNATURE = "X-Segmentation-Signature"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body sent at ``timestamp`` (seconds since 1970): HMAC-SHA256 (RFC 2104).

    >>> sign("s", "1", b"{}")[:21]
    'sha256=b253639bcd705e'
    """
    said = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
