"""nginx: the limit of the machine, for a fixed text and for a file."""

import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contenders.contender import ANSWER_TEXT, Contender, stub_request
from benchmarks.contenders.installing import program

NGINX_PROGRAM = ("nginx", "nginx-light")
FILES = "files"  # below its scratch folder: what it serves as files
CONFIG = """
{user}daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {scratch}/body;
  proxy_temp_path {scratch}/proxy;
  fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi;
  scgi_temp_path {scratch}/scgi;
  sendfile on;
  server {{
    listen 127.0.0.1:{port};
    location = /submitTask {{ default_type application/json; return 200 '{answer}'; }}
    location / {{ root {scratch}/{files}; }}
  }}
}}
"""


def _command(_: Path, scratch: Path, port: int) -> Sequence[str]:
    (scratch / FILES).mkdir(exist_ok=True)
    # As root the worker would be another user, who may not read the files.
    user = "user root;\n" if os.geteuid() == 0 else ""
    config = scratch / "nginx.conf"
    text = CONFIG.format(user=user, scratch=scratch, port=port, answer=ANSWER_TEXT, files=FILES)
    config.write_text(text, "utf-8")
    return [program(*NGINX_PROGRAM), "-c", str(config), "-p", str(scratch)]


def _install(_: Path) -> None:
    program(*NGINX_PROGRAM)


NGINX = Contender(
    name="nginx",
    says="`return 200` with the same text and one worker: the limit of the machine",
    install=_install,
    command=_command,
    request=stub_request,
)
