"""A PostgreSQL server of one's own: started in a folder, listening on a socket there alone, stopped again.

PostgreSQL refuses to run as root, so a server that root starts runs as another user, who must be able
to enter the folder.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTINGS: Mapping[str, str] = {
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "8GB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "max_parallel_workers": "1",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_maintenance_workers": "1",
}
"""Room to work in, and one helper beside each query: two threads, as every engine here has."""
_SERVANTS = ("postgres", "nobody")
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``conninfo`` is what `psycopg.connect` takes. What it costs is read from /proc."""

    conninfo: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return what the server and its processes, ended ones too, have used so far."""
        ticks = 0
        for path in self._processes():
            with contextlib.suppress(OSError):
                # Behind the name in brackets, fields 14 to 17: user and system, own and of ended children.
                fields = (path / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_bytes(self) -> int:
        """Return what the server's processes hold now, shared pages counted once (PSS).

        It takes the kernel some milliseconds a process: not to be asked all the time.
        """
        held = 0
        for path in self._processes():
            with contextlib.suppress(OSError):
                lines = (path / "smaps_rollup").read_text(encoding="ascii").splitlines()
                held += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return held * 1024

    def _processes(self) -> list[Path]:
        own = Path(f"/proc/{self.pid}")
        children = (own / "task" / str(self.pid) / "children").read_text(encoding="ascii")
        return [own, *(Path(f"/proc/{child}") for child in children.split())]


def binaries() -> Path | None:
    """Return the folder of the newest installed server's programs, if there is one."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    packaged = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    versions = sorted(packaged, key=lambda path: float(path.parent.parent.name))
    return versions[-1].parent if versions else None


@contextlib.contextmanager
def postgres_server(folder: Path | None = None, settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """Run a server over the data in ``folder``, made if need be; without one, over data that go afterwards.

    Raises `UsageError` where PostgreSQL is not installed or does not start.
    """
    programs = binaries()
    if programs is None:
        raise UsageError("PostgreSQL is not installed", hint="on Debian: apt-get install postgresql")
    with contextlib.ExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postgres-")))
        data = (folder or own) / "data"
        servant = _servant()
        _hand_over(own, servant)
        if not (data / "PG_VERSION").exists():
            _initialise(programs, data, servant)
        process = _start(programs, data, own, servant, settings)
        stack.callback(_stop, process)
        conninfo = f"host={own} dbname=postgres user=postgres"
        _wait(process, conninfo, own / "log")
        yield Server(conninfo, process.pid)


def _servant() -> pwd.struct_passwd | None:
    """Return the user the server runs as instead of root; None where this user may do it."""
    if os.geteuid() != 0:
        return None
    for name in _SERVANTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise UsageError("PostgreSQL does not run as root", hint=f"add a user, such as {_SERVANTS[0]}")


def _hand_over(path: Path, servant: pwd.struct_passwd | None) -> None:
    if servant is not None:
        os.chown(path, servant.pw_uid, servant.pw_gid)


def _identity(servant: pwd.struct_passwd | None) -> dict[str, int]:
    return {} if servant is None else {"user": servant.pw_uid, "group": servant.pw_gid}


def _initialise(programs: Path, data: Path, servant: pwd.struct_passwd | None) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    _hand_over(data, servant)
    options = ["--locale=C.UTF-8", "--encoding=UTF8", "--auth=trust", "--username=postgres", "--no-sync"]
    made = subprocess.run(  # noqa: S603 — the programs of an installed PostgreSQL
        [programs / "initdb", "--pgdata", data, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **_identity(servant),  # type: ignore[call-overload] # user and group
    )
    if made.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise UsageError(f"PostgreSQL cannot keep its data there: {made.stderr.strip()}", where=str(data))


def _start(
    programs: Path,
    data: Path,
    sockets: Path,
    servant: pwd.struct_passwd | None,
    settings: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    own = {"listen_addresses": "", "unix_socket_directories": str(sockets)}
    options = [part for name, value in {**settings, **own}.items() for part in ("-c", f"{name}={value}")]
    with (sockets / "log").open("wb") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 — as above
            [programs / "postgres", "-D", data, *options],
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            **_identity(servant),  # type: ignore[call-overload] # user and group
        )
    return process


def _wait(process: subprocess.Popen[bytes], conninfo: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(conninfo, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise UsageError(f"PostgreSQL does not start: {log.read_text(errors='replace').strip()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server: first in order, then at once; either way the data stays as committed."""
    for how in (signal.SIGINT, signal.SIGQUIT):
        if process.poll() is None:
            process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
            return
    process.kill()
    process.wait()
