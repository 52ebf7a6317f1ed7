"""An exchange is bounded whatever the other side does, and says nothing of what was sent."""

from __future__ import annotations

import datetime as dt
import logging
import ssl
import time

import pytest

from segmentation_pipeline.partners.exchange import Answer, Exchange, Failure, Limits, Request


@pytest.fixture
def send(web):
    def sent(*, total=10.0, body=1000, with_body=True, url=None, headers=None):
        with Exchange(web.url, Limits(10, total, body)) as exchange:
            request = Request("GET", url or f"{web.url}/x?key=s3cret", headers or {})
            return exchange.send(request, with_body=with_body)

    return sent


def test_an_answer_has_status_headers_and_body(web, send):
    web.answer = lambda _: web.Reply(404, b"no", {"X-Why": "Because"})
    found = send()
    assert isinstance(found, Answer)
    assert (found.status, found.headers["x-why"], found.body) == (404, "Because", b"no")


def test_connections_are_kept(web):
    web.answer = lambda _: web.Reply(200, b"{}")
    with Exchange(web.url, Limits(10, 10, 100)) as exchange:
        assert [exchange.send(Request("GET", web.url)).status for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("reply", "reason", "passing"),
    [
        ({"delay": 5}, "gave no whole answer within 0.3 s", True),
        ({"body": b"{", "drip": 0.05}, "gave no whole answer within 0.3 s", True),
        ({"reset": True}, "broke", True),
        ({"body": b"half", "cut": True}, "broke off", True),
        ({"status": 302, "headers": {"Location": "http://elsewhere.example/"}}, "redirects elsewhere", False),
        ({"body": b"x" * 2000}, "answers with more than 1,000 bytes", False),
        ({"body": b"x" * 100, "endless": True}, "answers with more than 1,000 bytes", False),
        ({"body": b"\x1f\x8b", "headers": {"Content-Encoding": "gzip"}}, "answers compressed", False),
    ],
    ids=["slow", "dripping", "reset", "truncated", "redirect", "huge", "endless", "compressed"],
)
def test_what_is_no_answer(web, send, reply, reason, passing):
    web.answer = lambda _: web.Reply(**reply)
    started = time.monotonic()
    found = send(total=0.3 if passing and reason.startswith("gave") else 10.0)
    assert isinstance(found, Failure)
    assert reason in found.reason
    assert found.passing is passing
    assert time.monotonic() - started < 4


def test_headers_that_never_end_are_bounded_too(web, send):
    def drip(handler, _):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not web.stopping.is_set():
            handler.wfile.write(b"x")
            time.sleep(0.02)

    web.write = drip
    assert "gave no whole answer" in send(total=0.3).reason


def test_a_body_that_nobody_wants_is_not_read(web, send):
    web.answer = lambda _: web.Reply(200, b"x" * 100, endless=True)
    found = send(with_body=False)
    assert (found.status, found.body) == (200, b"")


def test_nobody_there(send):
    assert send(url="http://127.0.0.1:1/").reason == "cannot be reached"


def test_a_request_that_is_no_http(send):
    found = send(headers={"X-Key": "s3cret\ninjected: yes"})
    assert (found.passing, "s3cret" in found.reason) == (False, False)


def test_no_key_gets_into_a_log(web, send, caplog):
    web.answer = lambda _: web.Reply(200, b"{}")
    with caplog.at_level(logging.DEBUG):
        send(headers={"Authorization": "Bearer s3cret"})
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(Request("GET", "http://x/?k=s3cret", {"A": "s3cret"}, b"s3cret"))


@pytest.fixture
def encrypted(web, tmp_path):
    """The server's address over TLS, with a certificate that nobody has signed but itself."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "server.pem"
    signed = made.sign(key, hashes.SHA256())
    file.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    web.httpd.socket = context.wrap_socket(web.httpd.socket, server_side=True)
    return web.url.replace("http://127.0.0.1", "https://localhost")


def test_a_certificate_that_nobody_signed_is_refused(send, web, encrypted):
    assert send(url=encrypted) == Failure("has a certificate that is not trusted", passing=False)
    assert web.received == []
