"""Reads the policies of a definitions folder, and finds what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.assignment.policy import DEFAULT, Policy
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import locate, read_file, read_model
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

FOLDER = "policies"
"""Where they lie below a definitions folder, one file each."""
EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that can be read, by id, and every finding; the built-in ``default`` is not among them."""

    found: Mapping[str, Policy]
    findings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a policy may name. Groups and channels are None where an unreadable segment may have others."""

    segments: frozenset[str]
    groups: frozenset[str] | None
    channels: frozenset[str] | None

    @classmethod
    def of(cls, definitions: Definitions) -> _Known:
        segments = frozenset({*definitions.segments, *definitions.broken})
        if definitions.broken:
            return cls(segments, None, None)
        deliveries = [one.delivery for one in definitions.segments.values() if one.delivery is not None]
        groups = {one.exclusivity_group for one in deliveries if one.exclusivity_group is not None}
        # Contacts that no segment made count too, by the channels of the events that tell of them.
        sent = {
            kind.channel
            for source in definitions.catalog.events.values()
            for kind in source.types.values()
            if kind.channel is not None
        }
        channels = {EMAIL, *sent, *(one.channel for one in deliveries)}
        return cls(segments, frozenset(groups), frozenset(channels))


def policy_files(definitions: Path) -> list[Path]:
    return sorted((definitions / FOLDER).glob("*.yaml"))


def read_policies(folder: Path, definitions: Definitions, file_name: Callable[[Path], str] = str) -> Policies:
    """Return the policies below a definitions folder; ``definitions`` are what they may name."""
    known = _Known.of(definitions)
    found: dict[str, Policy] = {}
    findings: list[Diagnostic] = []
    for path in policy_files(folder):
        try:
            found[path.stem] = _read(path, known, file_name(path))
        except DefinitionError as error:
            findings += error.diagnostics
        except DocumentError as error:
            at = error.where if isinstance(error.where, Position) else Position(file_name(path), 1, 1)
            findings.append(Diagnostic("yaml", error.what, at, error.hint))
    return Policies(found, tuple(findings))


def find_policy(workspace: Workspace, definitions: Definitions, name: str = DEFAULT) -> Policy:
    """Return a policy of a workspace; without a file of its own `default` is one contact a day.

    Raises:
        UsageError: there is no such policy.
        DefinitionError: its file cannot be read, or names what does not exist.
    """
    files = {path.stem: path for path in policy_files(workspace.definitions)}
    if name in files:
        path = files[name]
        try:
            return _read(path, _Known.of(definitions), workspace.file_name(path))
        except DocumentError as error:
            at = error.where if isinstance(error.where, Position) else Position(str(path), 1, 1)
            raise DefinitionError([Diagnostic("yaml", error.what, at, error.hint)]) from error
    if name == DEFAULT:
        return Policy(policy=DEFAULT)
    raise UsageError(
        f"there is no policy `{name}`",
        where=workspace.file_name(workspace.definitions / FOLDER),
        hint=did_you_mean(name, {DEFAULT, *files}),
    )


def policy_findings(workspace: Workspace, definitions: Definitions) -> tuple[Diagnostic, ...]:
    """Return every finding on the policies of a workspace."""
    return read_policies(workspace.definitions, definitions, workspace.file_name).findings


def _read(path: Path, known: _Known, name: str) -> Policy:
    documents = read_file(path, name)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(name, 1, 1)
        raise DefinitionError([Diagnostic("policy-shape", "a policy is exactly one document", at)])
    node = documents[0]
    policy = read_model(Policy, node, "policy-shape")
    findings = [*_of_shape(policy, node, path.stem), *_of_names(policy, node, known)]
    if findings:
        raise DefinitionError(sorted(findings, key=lambda one: one.at))
    return policy


def _of_shape(policy: Policy, node: Node, stem: str) -> Iterator[Diagnostic]:
    if policy.id != stem:
        message = f"`{policy.id}` is not the file's name, `{stem}`"
        yield Diagnostic("policy-shape", message, locate(node, ("policy",)))


def _of_names(policy: Policy, node: Node, known: _Known) -> Iterator[Diagnostic]:
    """Find names of nothing: a rule on a channel that is misspelt would bind nobody."""
    for kind, word, path in _names(policy):
        names = {"segment": known.segments, "group": known.groups, "channel": known.channels}[kind]
        if names is None or word in names:
            continue
        rule = "unknown-segment" if kind == "segment" else "policy-name"
        of = {"segment": "", "group": ": no segment is in it", "channel": ": nothing is sent on it"}[kind]
        message = f"unknown {kind} `{word}`{of}"
        yield Diagnostic(rule, message, locate(node, path), did_you_mean(word, names))


def _names(policy: Policy) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Yield every name in a policy: of what, the word, and where it stands."""
    for place, group in enumerate(policy.exclusive_groups):
        yield "group", group, ("exclusive_groups", place)
    for place, rule in enumerate(policy.rules):
        for kind, word in zip(("channel", "group", "segment"), rule.scope, strict=True):
            if word is not None:
                yield kind, word, ("rules", place, kind)
    for place, quiet in enumerate(policy.quiet):
        for at, channel in enumerate(quiet.channels or ()):
            yield "channel", channel, ("quiet", place, "channels", at)
    for channel in policy.capacity:
        yield "channel", channel, ("capacity", channel)
    if isinstance(policy.suppression, tuple):
        for at, name in enumerate(policy.suppression):
            yield "segment", name, ("suppression", at)
    else:
        for channel, listed in policy.suppression.items():
            yield "channel", channel, ("suppression", channel)
            for at, name in enumerate(listed):
                yield "segment", name, ("suppression", channel, at)
