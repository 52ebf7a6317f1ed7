"""Policies as files: what they may say, and what is found wrong with them, by file and line."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.assignment.policies import find_policy, read_policies
from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.errors import DefinitionError, UsageError
from segmentation_pipeline.rules.checks.rule import EXAMPLE_CATALOG
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.references import naming_files
from segmentation_pipeline.workspace import open_workspace

WHERE = "where: {field: age, operator: greater_than, value: 3}"
SEGMENTS = {
    "fans": f"segment: fans\n{WHERE}\ndelivery: {{channel: email, exclusivity_group: lifecycle}}\n",
    "texts": f"segment: texts\n{WHERE}\ndelivery: {{channel: sms}}\n",
    "bounced": f"segment: bounced\ntype: suppression\n{WHERE}\n",
}
WHOLE = """\
policy: default
description: One a day.
time_zone: Europe/Berlin
max_contacts_per_day: 1
exclusive: claim
exclusive_groups: [lifecycle]
rules:
  - {cooldown_days: 2}
  - {max: 2, days: 7, channel: email, extend_to: month}
  - {max: 1, days: 30, segment: fans, group: lifecycle}
quiet: [{weekday: sunday}, {date: 2026-12-25, channels: [sms]}]
holdout: {percent: 5, salt: 2026}
capacity: {email: 200000}
suppression: {email: [bounced], sms: [bounced, fans]}
"""


@pytest.fixture
def project(tmp_path):
    """A workspace with policies, by name."""

    def make(segments=SEGMENTS, **policies: str):
        folder = tmp_path / "segment_definitions"
        texts = {"catalog.yaml": EXAMPLE_CATALOG}
        texts |= {f"segments/{name}.yaml": text for name, text in segments.items()}
        texts |= {f"policies/{name}.yaml": text for name, text in policies.items()}
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return open_workspace(tmp_path, env={})

    return make


def findings(workspace) -> list[str]:
    read = read_policies(workspace.definitions, read_definitions(workspace), workspace.file_name)
    return [
        f"{one.at.file.rpartition('/')[2]}:{one.at.line} {one.rule}: {one.message}; {one.hint}"
        for one in read.findings
    ]


def test_all_that_a_policy_can_say(project):
    workspace = project(default=WHOLE)
    policy = find_policy(workspace, read_definitions(workspace))
    assert findings(workspace) == []
    assert policy.time_zone == "Europe/Berlin"
    assert [(rule.reason, rule.most, rule.length, rule.scope) for rule in policy.rules] == [
        ("cooldown", 1, 2, (None, None, None)),
        ("cap", 2, 7, ("email", None, None)),
        ("cap", 1, 30, (None, "lifecycle", "fans")),
    ]
    assert policy.holdout.salt == "2026"
    assert policy.suppressing == {"bounced": frozenset({"email", "sms"}), "fans": frozenset({"sms"})}
    assert policy.quiet_channels(dt.date(2026, 12, 25)) == {"sms"}
    assert policy.quiet_channels(dt.date(2026, 12, 27)) is None
    assert policy.quiet_channels(dt.date(2026, 12, 28)) == frozenset()
    assert Policy(id="p", suppression=["a"]).suppressing == {"a": None}


def test_the_hash_is_of_what_decides():
    one = Policy(id="p", capacity={"email": 1, "sms": 2}, description="so")
    assert one.hash == Policy(id="p", capacity={"sms": 2, "email": 1}).hash
    assert one.hash != Policy(id="p", capacity={"sms": 2, "email": 3}).hash


def test_without_a_file_the_default_is_one_contact_a_day(project):
    workspace = project(other="policy: other\n")
    definitions = read_definitions(workspace)
    assert find_policy(workspace, definitions) == Policy(id="default")
    assert find_policy(workspace, definitions, "other").id == "other"
    with pytest.raises(UsageError, match="there is no policy `othr`") as caught:
        find_policy(workspace, definitions, "othr")
    assert caught.value.hint == "did you mean `other`?"


@pytest.mark.parametrize(
    ("lines", "finding"),
    [
        (
            "rules:\n  - {max: 2}",
            "3 policy-shape: `rules.0`: a rule has `cooldown_days`, or `max` and `days`; None",
        ),
        (
            "rules:\n  - {cooldown_days: 2, max: 1}",
            "3 policy-shape: `rules.0`: `cooldown_days` stands without `max`, `days` and `extend_to`; None",
        ),
        (
            "quiet:\n  - {weekday: sunday, date: 2026-12-25}",
            "3 policy-shape: `quiet.0`: a quiet day has either `weekday` or `date`; None",
        ),
        (
            "holdout: {percent: 101, salt: a}",
            "2 policy-shape: `holdout.percent`: Input should be less than or equal to 100; None",
        ),
        (
            "max_contacts: 1",
            "2 policy-shape: unknown key `max_contacts`; did you mean `max_contacts_per_day`?",
        ),
        (
            "time_zone: Berlin",
            "2 policy-shape: `time_zone`: `Berlin` is not a time zone, such as Europe/Paris or UTC; None",
        ),
        (
            "exclusive_groups: [lifecycles]",
            "2 policy-name: unknown group `lifecycles`: no segment is in it; did you mean `lifecycle`?",
        ),
        (
            "rules:\n  - {cooldown_days: 1}\n  - {cooldown_days: 2, channel: emial}",
            "4 policy-name: unknown channel `emial`: nothing is sent on it; did you mean `email`?",
        ),
        (
            "quiet:\n  - {weekday: sunday, channels: [email, text]}",
            "3 policy-name: unknown channel `text`: nothing is sent on it; known: email, sms",
        ),
        (
            "capacity:\n  smms: 3",
            "3 policy-name: unknown channel `smms`: nothing is sent on it; did you mean `sms`?",
        ),
        ("suppression:\n  - bounce", "3 unknown-segment: unknown segment `bounce`; did you mean `bounced`?"),
        ("suppression:\n  email: [fan]", "3 unknown-segment: unknown segment `fan`; did you mean `fans`?"),
        (
            "rules:\n  - {cooldown_days: 2, segment: fan}",
            "3 unknown-segment: unknown segment `fan`; did you mean `fans`?",
        ),
    ],
)
def test_what_is_wrong_is_found_with_its_line(project, lines, finding):
    workspace = project(default=f"policy: default\n{lines}\n")
    assert findings(workspace) == [f"default.yaml:{finding}"]
    with pytest.raises(DefinitionError):
        find_policy(workspace, read_definitions(workspace))


def test_files_that_are_no_policy(project):
    workspace = project(a="policy: b\n", c="policy: c\n---\npolicy: d\n", e="policy: [\n")
    assert [one.partition(": ")[0] for one in findings(workspace)] == [
        "a.yaml:1 policy-shape",
        "c.yaml:3 policy-shape",
        "e.yaml:2 yaml",
    ]
    for name in "ace":
        with pytest.raises(DefinitionError):
            find_policy(workspace, read_definitions(workspace), name)


def test_a_segment_that_cannot_be_read_may_have_the_group_or_the_channel(project):
    broken = SEGMENTS | {"fans": "segment: fans\nwhere: {field: agge, operator: is_empty}\n"}
    workspace = project(
        broken, default="policy: default\nexclusive_groups: [lifecycle]\nsuppression: [fans]\n"
    )
    assert findings(workspace) == []


def test_a_renamed_segment_is_renamed_in_policies(project):
    """The places that `rename` rewrites, and `delete` refuses for: rules and suppression, no channel."""
    rules = "rules:\n  - {cooldown_days: 2, segment: fans}\n  - {cooldown_days: 3, channel: fans}\n"
    text = f"policy: p\n{rules}suppression:\n  fans: [fans]\n"
    workspace = project(p=text)
    found = next(one for one in naming_files(workspace, "fans") if one.folder == "policies")
    assert [node.start_mark.line + 1 for node in found.meant] == [3, 6]
    assert sorted(found.mentions) == [4, 6]
