"""Runs `artqr-mock` many times fast: one process loads it, and forks for each command.

The commands of the pages really run, but starting a command takes most of a second. A stub on the
path passes arguments, environment, folder and standard streams to the forking process.
"""

import array
import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

SOCKET = "COMMAND_SERVER"
SERVER = "server"
MAX_REQUEST = 1 << 20
STUB = f"""#!{sys.executable} -IS
import array, json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect(os.environ["{SOCKET}"])
wanted = {{"arguments": sys.argv[1:], "folder": os.getcwd(), "environ": dict(os.environ)}}
streams = array.array("i", [0, 1, 2])
line = json.dumps(wanted).encode() + b"\\n"
server.sendmsg([line[:1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
server.sendall(line[1:])
sys.exit(int(server.recv(16) or b"70"))
"""


@cache
def environment() -> dict[str, str]:
    """Start the process once, and return the variables that lead to it.

    It exits when its standard input closes: when this process ends, for any reason.
    """
    folder = Path(tempfile.mkdtemp(prefix="artqr-commands-"))
    stub = folder / "artqr-mock"
    stub.write_text(STUB, "utf-8")
    stub.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(folder)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    atexit.register(_end, process)
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {SOCKET: str(folder / SERVER), "PATH": path}


def _end(process: "subprocess.Popen[bytes]") -> None:
    with process:
        assert process.stdin is not None
        process.stdin.close()


def serve(folder: Path) -> None:
    """Fork for each command until standard input closes; then remove the folder."""
    from mock_server.cli.main import main  # noqa: PLC0415, F401 - loaded before the first fork

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / SERVER))
    server.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while sys.stdin not in (ready := select.select([server, sys.stdin], [], [])[0]):
        assert ready == [server]
        caller, _ = server.accept()
        if os.fork() == 0:
            server.close()
            _run(caller)
        caller.close()
    shutil.rmtree(folder)


def _run(caller: socket.socket) -> NoReturn:
    code = 70
    try:
        wanted = _received(caller)
        os.chdir(wanted["folder"])
        os.environ.clear()
        os.environ.update(wanted["environ"])
        code = _command(wanted["arguments"])
    finally:
        with contextlib.suppress(OSError):
            caller.sendall(str(code).encode())
        os._exit(code)


def _received(caller: socket.socket) -> dict[str, Any]:
    streams = array.array("i", [0, 0, 0])
    data, ancillary, _, _ = caller.recvmsg(MAX_REQUEST, socket.CMSG_LEN(len(streams.tobytes())))
    streams = array.array("i", ancillary[0][2])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    while not data.endswith(b"\n"):
        data += caller.recv(MAX_REQUEST)
    found: dict[str, Any] = json.loads(data)
    return found


def _command(arguments: list[str]) -> int:
    from mock_server.cli.main import main  # noqa: PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as we
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    try:
        main.main(arguments, prog_name="artqr-mock")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
