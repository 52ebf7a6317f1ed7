"""Whose lake it is: a file beside the tables says, so that swapped settings mix no two tenants."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow.fs as pafs
from deltalake.fs import DeltaStorageHandler

from segmentation_pipeline.errors import Forbidden
from segmentation_pipeline.lake.guard import wrapping

if TYPE_CHECKING:
    from segmentation_pipeline.lake.root import Root
    from segmentation_pipeline.tenant import Tenant

OWNER = ".workspace"


def check_owner(root: Root, tenant: Tenant, options: dict[str, str] | None) -> bool:
    """Return whether the lake says that it is the tenant's; raise `Forbidden` where it is another's.

    One that was never written to, or by an earlier version of this program, says nothing.
    """
    said = _said(root, options)
    if said is None:
        return False
    if said != tenant.id:
        raise Forbidden(
            f"the lake does not belong to workspace `{tenant.id}`",
            where=root.text,
            hint=f"set its own `lake`; if the workspace was renamed, write its id into {OWNER} there",
        )
    return True


def claim(root: Root, tenant: Tenant, options: dict[str, str] | None) -> bool:
    """Write whose lake it is, unless it says so; raise `Forbidden` where another was quicker."""
    if check_owner(root, tenant, options):
        return True
    with wrapping("cannot write whose lake it is", root.text):
        if root.local:
            folder = Path(root.text)
            folder.mkdir(parents=True, exist_ok=True)
            new = folder / f"{OWNER}.{uuid4().hex}"
            new.write_text(f"{tenant.id}\n", encoding="ascii")
            try:
                # Unlike a renaming, a link never takes the place of what another has written.
                os.link(new, folder / OWNER)
            except FileExistsError:
                pass
            finally:
                new.unlink()
        else:
            with _folder(root, options).open_output_stream(OWNER) as sink:
                sink.write(f"{tenant.id}\n".encode("ascii"))
    return check_owner(root, tenant, options)


def _said(root: Root, options: dict[str, str] | None) -> str | None:
    with wrapping("cannot read whose lake it is", root.text):
        if root.local:
            path = Path(root.text) / OWNER
            return path.read_text(encoding="ascii").strip() if path.is_file() else None
        folder = _folder(root, options)
        if folder.get_file_info([OWNER])[0].type == pafs.FileType.NotFound:
            return None
        with folder.open_input_stream(OWNER) as source:
            return bytes(source.read()).decode("ascii").strip()


def _folder(root: Root, options: dict[str, str] | None) -> pafs.FileSystem:
    return pafs.PyFileSystem(DeltaStorageHandler(root.text, options))
