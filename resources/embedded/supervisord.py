"""The `supervisor` library's daemon: its configuration, its start, and what is asked of it over its socket."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets as random
import shlex
import socket
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import cast

import psutil

from resources.embedded.errors import EmbeddedError
from resources.embedded.home import write_private
from resources.embedded.part_logs import supervisord_output
from resources.embedded.parts import Part, PartName
from resources.embedded.ports import LOOPBACK
from resources.embedded.sockets import control_socket
from resources.embedded.stack_record import MARK, StackRecord, write_record

START_TIMEOUT_S = 15.0
_CALL_TIMEOUT_S = 20.0
"""It answers within milliseconds; one that is stopped or stuck must not hold up whoever asks."""


def start_supervisord(home: Path, parts: tuple[Part, ...], ports: dict[str, int]) -> StackRecord:
    """Start the daemon for `parts`, none of which runs yet, and keep its record. It need not answer yet."""
    mark, password = random.token_hex(12), random.token_urlsafe(18)
    run = home / "run"
    _describe(parts, run / "parts", mark)
    templates = Path(__file__).parent
    for name in ("dagster.yaml", "workspace.yaml"):
        write_private(home / "dagster" / name, (templates / name).read_text("utf-8"))
    control = control_socket(home)
    write_private(run / "supervisord.conf", _configuration(parts, control, password))
    with supervisord_output(home).open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", "supervisord.conf"],
            # relative paths in the configuration need no quoting: they start here
            cwd=run,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    record = StackRecord(
        pid=process.pid,
        create_time=psutil.Process(process.pid).create_time(),
        socket=str(control),
        password=password,
        mark=mark,
        started_at=time.time(),
        ports=ports,
    )
    write_record(run, record)
    return record


class Supervisord:
    """The running daemon of a record. Every call raises `EmbeddedError` when it does not answer."""

    def __init__(self, record: StackRecord) -> None:
        self._record = record

    def await_answer(self) -> None:
        """Wait until it answers. Raises `EmbeddedError` when it has ended or takes longer than `START_TIMEOUT_S`."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self._call("supervisor.getState")
            except EmbeddedError:
                if self._record.process() is None or time.monotonic() > deadline:
                    raise
            else:
                return
            time.sleep(0.03)

    def states(self) -> dict[str, dict[str, object]]:
        """What it tells of each part (`statename`, `pid`, `start` …); nothing while it is stopping everything."""
        try:
            rows = cast("list[dict[str, object]]", self._call("supervisor.getAllProcessInfo"))
        except xmlrpc.client.Fault as fault:
            if "SHUTDOWN_STATE" not in fault.faultString:
                raise
            # Somebody else is stopping everything right now.
            return {}
        return {str(row["name"]): row for row in rows}

    def start(self, name: PartName) -> None:
        """Start a part and do not wait for it; one that runs stays as it is."""
        try:
            self._call("supervisor.startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise EmbeddedError(f"{name} startet nicht: {fault.faultString}") from fault

    def stop(self, name: str) -> None:
        """Ask a part to end and do not wait for it; one that does not run stays as it is."""
        with contextlib.suppress(xmlrpc.client.Fault):
            self._call("supervisor.stopProcess", name, False)

    def shut_down(self) -> None:
        """Have it stop everything and end; it answers before it has."""
        self._call("supervisor.shutdown")

    def _call(self, method: str, *arguments: object) -> object:
        transport = _SocketTransport(self._record)
        proxy = xmlrpc.client.ServerProxy(f"http://{LOOPBACK}", transport=transport)
        try:
            return getattr(proxy, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as fault:
            raise EmbeddedError(f"Die Aufsicht über die Dienste antwortet nicht: {fault}") from fault
        finally:
            transport.close()


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, which the library's own client would wait on without end."""

    def __init__(self, path: str) -> None:
        super().__init__(LOOPBACK, timeout=_CALL_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of to the host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CALL_TIMEOUT_S)
        self.sock.connect(self._path)


class _SocketTransport(xmlrpc.client.Transport):
    """XML-RPC to the daemon of a record."""

    def __init__(self, record: StackRecord) -> None:
        login = base64.b64encode(f"luna:{record.password}".encode()).decode("ascii")
        super().__init__(headers=[("Authorization", f"Basic {login}")])
        self._path = record.socket

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        """A connection for one call; the proxy's `host` says nothing."""
        return _SocketConnection(self._path)


def _describe(parts: tuple[Part, ...], folder: Path, mark: str) -> None:
    """Write down what `launch.py` makes of itself, part by part."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for part in parts:
        env = part.env if part.name == "postgres" else {**part.env, MARK: mark}
        description = {
            "argv": part.argv,
            "env": env,
            "cwd": str(part.cwd),
            "end_signal": int(part.stop_signal),
        }
        write_private(folder / f"{part.name}.json", json.dumps(description))


def _configuration(parts: tuple[Part, ...], control: Path, password: str) -> str:
    def safe(text: str) -> str:
        return text.replace("%", "%%")

    launch = Path(__file__).with_name("launch.py")
    lines = [
        "; Written by Luna at every start.",
        "[supervisord]",
        "logfile=../logs/supervisord.log",
        "logfile_maxbytes=5MB",
        "logfile_backups=2",
        "pidfile=supervisord.pid",
        "childlogdir=../logs",
        "identifier=luna",
        *(["user=root"] if os.geteuid() == 0 else []),
        "[unix_http_server]",
        f"file={'supervisor.sock' if control.name == 'supervisor.sock' else safe(str(control))}",
        "chmod=0700",
        "username=luna",
        f"password={password}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for part in parts:
        command = f"{shlex.quote(sys.executable)} -I -S {shlex.quote(str(launch))} parts/{part.name}.json"
        lines += [
            f"[program:{part.name}]",
            f"command={safe(command)}",
            f"priority={part.order}",
            "autostart=false",
            "autorestart=true",
            f"startsecs={part.start_s}",
            "startretries=4",
            f"stopsignal={part.stop_signal.name.removeprefix('SIG')}",
            f"stopwaitsecs={part.stop_wait_s}",
            # Dagster's runs are children of the code server and end with it
            f"stopasgroup={'true' if part.name == 'code_server' else 'false'}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile=../logs/{part.name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
        ]
    return "\n".join(lines) + "\n"
