"""A PostgreSQL server for these tests: on a free port, as a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest


def _programs():
    """Return the folder of PostgreSQL's programs; None if there is none."""
    found = shutil.which("initdb")
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    places += [Path(found).parent] if found else []
    return next((place for place in places if (place / "initdb").exists()), None)


def _as_nobody_special():
    """Return the user to be, and the words before a command that make it so."""
    if os.getuid() != 0:
        return None, []
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name), ["runuser", "-u", name, "--"]
        except KeyError:
            continue
    return None, []


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a server that lives as long as the tests."""
    programs = _programs()
    if programs is None:
        reason = "PostgreSQL is not installed (apt-get install -y postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    pytest.importorskip("psycopg")
    user, become = _as_nobody_special()
    home = Path(tempfile.mkdtemp(prefix="minopt-postgresql-"))
    if user is not None:
        os.chown(home, user.pw_uid, user.pw_gid)

    def call(*command):
        done = subprocess.run(
            [*become, *map(str, command)], cwd=home, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"

    data, log = home / "data", home / "log"
    try:
        call(programs / "initdb", "-D", data, "-U", "minopt", "-A", "trust", "-E", "UTF8", "-N")
        with socket.socket() as free:  # last: others may take it
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -c fsync=off"
        call(programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
        try:
            yield f"postgresql://minopt@127.0.0.1:{port}/postgres"
        finally:
            call(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def empty_postgresql(postgresql):
    """The URL of a database without tables."""
    import sqlalchemy

    from minopt.trials.sql import schema
    from minopt.trials.sql.url import url_of

    engine = sqlalchemy.create_engine(url_of(postgresql))
    schema.metadata.drop_all(engine)
    engine.dispose()
    return postgresql
