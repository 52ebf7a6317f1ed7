"""A provider that lies: a failed contact with a reason, never data."""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

LIES = {
    "html": (b"<html>ok</html>", "answered with text/html that is not JSON"),
    "truncated": (b'{"person": {"title": "CT', "is not JSON"),
    "deep": (b"[" * 100_000, "is not JSON"),
    "not a number": (b'{"person": {"email": "a@x.org", "age": NaN}}', "is not JSON"),
    "half a character": (b'{"person": {"email": "a@x.org", "title": "\\ud800"}}', "half a character"),
    "null character": (b'{"person": {"email": "a@x.org", "title": "a\\u0000b"}}', "null character"),
    "not text": (b'{"person": {"email": "a@x.org", "title": "\xff"}}', "is not JSON"),
    "object": (b'{"person": {"email": "a@x.org", "title": {"x": 1}}}', "has an object at `person.title`"),
    "wrong type": (
        b'{"person": {"email": "a@x.org", "age": "secretly old"}}',
        "the value is not a whole number",
    ),
    "out of range": (b'{"person": {"email": "a@x.org", "age": -3}}', "age: "),
    "no such value": (
        b'{"person": {"email": "a@x.org"}, "company": {"employees": "many"}}',
        "company_size: ",
    ),
    "list": (b'{"person": {"email": "a@x.org", "title": [["x"]]}}', "has a list of lists"),
    "a list for one": (b'{"person": {"email": "a@x.org", "age": [1, 2]}}', "age: the value is not"),
    "custom": (b'{"person": {"email": "a@x.org", "plan": "gold"}}', "plan"),
    "somebody else": (b'{"person": {"email": "b@x.org", "title": "CTO"}}', "answered about somebody else"),
    "about nobody": (b'{"person": {"title": "CTO"}}', "answered about somebody else"),
    "nothing asked for": (b'{"person": {"email": "a@x.org", "shoe": 42}}', "none of the fields"),
}


REPLIES = {
    "redirect": ({"status": 302, "headers": {"Location": "https://else.example/"}}, "redirects elsewhere"),
    "endless": ({"body": b"x" * 100_000, "endless": True}, "more than 1,000,000 bytes"),
    "huge": ({"body": b"x" * 1_000_001}, "more than 1,000,000 bytes"),
    "other status": ({"status": 418}, "answered 418"),
}


@pytest.fixture(scope="module")
def lied_to(serve, opened, tmp_path_factory):
    """A desk whose provider told every lie, each of a contact of its own, named as the lie is."""
    names = [*LIES, *REPLIES]
    with serve() as web:

        def reply(request):
            number = int(request.path.partition("email=n")[2].partition("%40")[0])
            name = names[number]
            if name in REPLIES:
                return web.Reply(**REPLIES[name][0])
            body = LIES[name][0].replace(b"a@x.org", b"n%d@x.org" % number)
            return web.Reply(200, body, {"Content-Type": "text/html; charset=utf-8"})

        web.answer = reply
        desk = opened(tmp_path_factory.mktemp("lies"), web.url)
        rows = [f"{name},n{number}@x.org" for number, name in enumerate(names)]
        desk.load("contacts", "contact_id,email\n" + "\n".join(rows))
        before = desk.store.scan("contacts").collect()
        done = desk.enrich(*names)
        assert (done.failed, done.enriched, done.requests) == (len(names), 0, len(names))
        yield desk, before


@pytest.mark.parametrize(("lie", "reason"), [(lie, said[1]) for lie, said in (LIES | REPLIES).items()])
def test_a_lie_is_a_failure_with_its_reason(lied_to, lie, reason):
    entry = lied_to[0].entry(lie)
    assert (entry["status"], entry["answer"]) == ("failed", None)
    assert reason in entry["error_message"]
    assert "secretly" not in entry["error_message"]


def test_no_lie_is_data(lied_to):
    desk, before = lied_to
    assert_frame_equal(desk.store.scan("contacts").collect(), before, check_row_order=False)
    assert desk.rows("activities", "contact_id") == []
    assert desk.rows("contact_history", "contact_id") == []


def test_somebody_elses_address_is_refused_naming_the_holder(desk, web):
    desk.provider("kind: http\nurl: {url}/?id={{contact_id}}\nfields: {{email: mail}}\noverwrite: always\n")
    web.answer = lambda _: web.Reply(200, b'{"mail": "B@x.org"}')
    desk.enrich("a")
    assert desk.entry("a")["error_message"].startswith("email: the value already belongs to contact `b`")
    assert desk.contact("a")["email"] == "a@x.org"


def test_of_two_that_claim_one_address_the_first_has_it(desk, web):
    desk.provider("kind: http\nurl: {url}/?id={{contact_id}}\nfields: {{email: mail}}\noverwrite: always\n")
    web.answer = lambda _: web.Reply(200, b'{"mail": "new@x.org"}')
    done = desk.enrich("a", "c")
    assert (done.enriched, done.failed) == (1, 1)
    assert [desk.contact(key)["email"] for key in "ac"] == ["new@x.org", "c@x.org"]
