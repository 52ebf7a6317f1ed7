"""Keys put into a definition or taken out of it: in its list, or as pins with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import yaml

from segmentation_pipeline.documents import Mapping, Scalar, Sequence, read_documents
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.segments.editing import check, definition_file
from segmentation_pipeline.segments.file_changes import FileChanges
from segmentation_pipeline.segments.yaml_text import Edit, YamlText, end_of, get, written

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from segmentation_pipeline.documents import Node
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.workspace import Workspace

Side = Literal["in", "out"]
_BY_HAND = "edit the file by hand; nothing was written"


@dataclass(frozen=True, slots=True)
class Pinning:
    """Why members are pinned, and until the end of which day (None: for good)."""

    reason: str
    until: dt.date | None = None

    def item(self, key: str, put: Side) -> str:
        until = f", until: {self.until}" if self.until is not None else ""
        return f"{{key: {written(key)}, put: {put}, reason: {_reason(self.reason)}{until}}}"


def put_members(
    workspace: Workspace,
    definitions: Definitions,
    name: str,
    keys: Iterable[str],
    *,
    put: Side,
    pinning: Pinning | None = None,
) -> FileChanges:
    """Return the file of a segment with keys put in or out.

    With a ``pinning`` they are pinned. Without one they go into ``members`` or out of it, and where
    there is no such list, pins that say the contrary are lifted. Raises `UsageError` where nothing of
    this can be done, `DefinitionError` where the definition would break.
    """
    path = definition_file(workspace, definitions, name)
    text = path.read_bytes().decode("utf-8-sig")
    node = read_documents(text, workspace.file_name(path))[0]
    if not isinstance(node, Mapping):
        raise UsageError("a definition is a mapping", where=workspace.file_name(path), hint=_BY_HAND)
    edit = _Edit(name, YamlText.read(text), node, put)
    wanted = list(dict.fromkeys(key.strip() for key in keys))
    if not all(wanted):
        raise UsageError("an empty text is no key")
    if pinning is not None:
        edits, done, notes = edit.pin(wanted, pinning)
    elif "members" in node:
        edits, done, notes = edit.listed(wanted)
    else:
        edits, done, notes = edit.lift(wanted)
    new = edit.source.applied(edits)
    edit.verify(new, wanted, pinned=pinning is not None, file=workspace.file_name(path))
    texts = {path: new} if edits else {}
    check(workspace, definitions, texts)
    return FileChanges(texts, tuple(done), tuple(notes))


_Plan = tuple[list[Edit], list[str], list[str]]


@dataclass(frozen=True, slots=True)
class _Edit:
    """One definition: as text with places, and as read; ``put`` is the side its keys go to."""

    name: str
    source: YamlText
    node: Mapping
    put: Side

    @property
    def members(self) -> list[str]:
        return _texts(self.node.get("members"))

    @property
    def pins(self) -> list[tuple[str, str]]:
        return _pins(self.node)

    def listed(self, keys: list[str]) -> _Plan:
        items = get(self.source.documents[0], "members")
        if not isinstance(items, yaml.SequenceNode):
            hint = "edit that file, or pin with --reason TEXT"
            raise UsageError(f"the members of `{self.name}` stand in a file of their own", hint=hint)
        here = self.members
        pinned = dict(self.pins)
        notes = [
            f"{key} is pinned {pinned[key]}, which wins"
            for key in keys
            if pinned.get(key, self.put) != self.put
        ]
        if self.put == "in":
            new = [key for key in keys if key not in here]
            edits = self.source.append(items, [written(key) for key in new]) if new else []
            done = [f"{key}: {'added' if key in new else 'is a member already'}" for key in keys]
            return edits, done, notes
        numbers = [number for number, key in enumerate(here) if key in keys]
        edits = self.source.remove(items, numbers) if numbers else []
        return edits, [f"{key}: {'removed' if key in here else 'was no member'}" for key in keys], notes

    def pin(self, keys: list[str], pinning: Pinning) -> _Plan:
        pinned = dict(self.pins)
        new = [key for key in keys if pinned.get(key) != self.put]
        done = [f"{key}: {'pinned' if key in new else 'is pinned already'} {self.put}" for key in keys]
        if not new:
            return [], done, []
        root = self.source.documents[0]
        items = get(root, "pins")
        if isinstance(items, yaml.SequenceNode):
            turned = {key: item for (key, _), item in zip(self.pins, items.value, strict=True) if key in new}
            edits = [
                Edit(item.start_mark.index, end_of(item), pinning.item(key, self.put))
                for key, item in turned.items()
            ]
            lines = [pinning.item(key, self.put) for key in new if key not in turned]
            return [*edits, *(self.source.append(items, lines) if lines else [])], done, []
        below = [get(root, key) for key in ("where", "exclude", "members")]
        places = [place for place in below if place is not None]
        if not places or (isinstance(root, yaml.MappingNode) and root.flow_style):
            raise UsageError(f"`{self.name}` has no place for pins", hint=_BY_HAND)
        last = max(places, key=lambda place: place.start_mark.index)
        lines = ["pins:", *(f"  - {pinning.item(key, self.put)}" for key in new)]
        return [self.source.insert_after(last, lines)], done, []

    def lift(self, keys: list[str]) -> _Plan:
        contrary = "out" if self.put == "in" else "in"
        pinned = dict(self.pins)
        for key in keys:
            if pinned.get(key) != contrary:
                message = f"`{self.name}` has a rule and no list, and `{key}` is not pinned {contrary}"
                raise UsageError(message, hint=f"to pin it {self.put}, give a reason: --reason TEXT")
        items = get(self.source.documents[0], "pins")
        assert isinstance(items, yaml.SequenceNode)
        numbers = [number for number, (key, _) in enumerate(self.pins) if key in keys]
        done = [f"{key}: no longer pinned {contrary}" for key in keys]
        return self.source.remove(items, numbers), done, []

    def verify(self, text: str, keys: list[str], *, pinned: bool, file: str) -> None:
        """Raise `UsageError` unless the text reads back as the definition with just this change."""
        fault = UsageError(
            "the file is written in a way that cannot be edited safely", where=file, hint=_BY_HAND
        )
        try:
            node = read_documents(text, file)[0]
        except Exception as error:
            raise fault from error
        others = [key for key in self.node if key not in ("members", "pins")]
        same = isinstance(node, Mapping) and all(
            _plain(node, key) == _plain(self.node, key) for key in others
        )
        if not same or not isinstance(node, Mapping):
            raise fault
        members, pins = list(self.members), list(self.pins)
        if pinned:
            turned = [key for key in keys if dict(pins).get(key) != self.put]
            pins = [(key, put) for key, put in pins if key not in turned]
            pins += [(key, self.put) for key in turned]
        elif "members" in self.node:
            members = [key for key in members if self.put == "in" or key not in keys]
            members += [key for key in keys if self.put == "in" and key not in members]
        else:
            pins = [(key, put) for key, put in pins if key not in keys]
        if _texts(node.get("members")) != members or sorted(_pins(node)) != sorted(pins):
            raise fault


def _plain(node: Mapping, key: str) -> object:
    found = node.get(key)
    return None if found is None else found.plain


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, Sequence) else ()
    return [item.text.strip() if isinstance(item, Scalar) else "" for item in items]


def _pins(node: Mapping) -> list[tuple[str, str]]:
    found = node.get("pins")
    items = found.items if isinstance(found, Sequence) else ()
    read = []
    for item in items:
        key, put = (item.get(name) if isinstance(item, Mapping) else None for name in ("key", "put"))
        read.append(tuple(part.text if isinstance(part, Scalar) else "" for part in (key, put)))
    return [(key, put) for key, put in read]


def _reason(text: str) -> str:
    return text if all(part and written(part) == part for part in text.split(" ")) else written(text)
