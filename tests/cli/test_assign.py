"""`segmentation assign`: what it prints, as a table and as JSON, the first time and afterwards."""

from __future__ import annotations

import pytest

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

DELIVERING = """segment: {name}
where: {{field: {field}, operator: equals, value: {value}}}
delivery: {{channel: email, priority: {priority}}}
"""
DAY = ("assign", "--day", "2100-06-30")


@pytest.fixture
def competing(segmentation, imported):
    """Two segments of which one takes a contact of the other's; nobody may write to b."""
    folder = imported / "segment_definitions" / "segments"
    for path in folder.glob("*.yaml"):
        path.unlink()
    for name, field, value, priority in (("german", "country", "de", 1), ("paying", "plan", "pro", 2)):
        text = DELIVERING.format(name=name, field=field, value=value, priority=priority)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    blocked = "segment: blocked\ntype: suppression\nwhere: {field: email, operator: equals, value: b@x.org}\n"
    (folder / "blocked.yaml").write_text(blocked, encoding="utf-8")
    assert segmentation("run", "--project", imported).status == 0
    return imported


def test_a_day_and_the_same_day_again(segmentation, competing, golden):
    first = segmentation(*DAY, "--project", competing)
    assert (first.status, first.err) == (0, "")
    golden("assign", first.out)
    again = segmentation(*DAY, "--project", competing)
    assert again.status == 0
    assert again.out == first.out.replace(" decided by", " was decided before, by")
    policy = competing / "segment_definitions" / "policies" / "default.yaml"
    policy.parent.mkdir(exist_ok=True)
    policy.write_text("policy: default\nmax_contacts_per_day: 2\n", encoding="utf-8")
    edited = segmentation(*DAY, "--project", competing)
    assert edited.out == again.out + "what decides has changed since: segmentation assign --again\n"
    anew = segmentation(*DAY, "--again", "--project", competing, "--json").json
    assert (anew["fresh"], anew["won"], anew["run_id"]) == (True, 3, "assign-2100-06-30.2")


def test_as_json(segmentation, competing):
    said = segmentation(*DAY, "--project", competing, "--json").json
    assert {
        key: said[key] for key in ("day", "policy", "fresh", "outdated", "contacts", "claims", "won")
    } == {
        "day": "2100-06-30",
        "policy": "default",
        "fresh": True,
        "outdated": False,
        "contacts": 3,
        "claims": 4,
        "won": 2,
    }
    assert said["segments"] == [
        {"segment": "paying", "decisions": {"won": 2}},
        {"segment": "german", "decisions": {"suppressed": 1, "outranked": 1}},
    ]
    assert said["doubts"] == {}


def test_a_contact_shows_what_was_decided_of_it(segmentation, competing):
    segmentation(*DAY, "--project", competing)
    out = segmentation("contact", "a", "--project", competing).out
    assert "assignments (2 decisions, the latest first)" in out
    shown = segmentation("contact", "a", "--project", competing, "--json").json["assignments"]
    assert [(row["segment_id"], row["decision"], row["blocked_by"]) for row in shown] == [
        ("paying", "won", None),
        ("german", "outranked", "paying"),
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--day", "tomorrow"), "`tomorrow` is not a day"),
        (("--policy", "other"), "there is no policy `other`"),
        (("--day", "2020-01-01"), "2020-01-01 cannot be decided: the members are those of"),
    ],
)
def test_what_cannot_be_decided(segmentation, competing, arguments, says):
    ended = segmentation("assign", *arguments, "--project", competing)
    assert (ended.status, says in ended.err) == (2, True), ended.err


def test_without_a_run(segmentation, imported):
    ended = segmentation("assign", "--project", imported)
    assert (ended.status, "nothing has been published yet" in ended.err) == (3, True), ended.err
