"""`serve --workers`: several processes answer on one port, live and die as one server."""

import signal
import ssl
from pathlib import Path
from typing import Any

import pytest
import urllib3

from mock_server.admin_client import AdminClient
from tests.support import postgres
from tests.support.live import Buyer
from tests.support.processes import Server, is_gone, run, serving, start, until
from tests.support.workers import pids_of_each, serving_of, workers_of

pytestmark = pytest.mark.slow
TWO = ("--workers", "2")


def buyer_of(admin: AdminClient, server: Server, **wish: Any) -> Buyer:
    return Buyer(server.url, admin.post("/accounts", wish), admin)


def test_all_workers_answer_once_the_server_is_ready_and_end_with_it(tmp_path: Path) -> None:
    with serving(tmp_path, *TWO, database=postgres.empty_schema()) as server:
        pids = pids_of_each(server.url, 2)
        assert sorted(pids.values()) == sorted(each.pid for each in workers_of(server))
        assert server.ready == {"url": server.url, "pid": server.process.pid}
        assert "workers: 2\n" in server.said

        assert server.end(signal.SIGTERM) == 0
        assert not server.ready_file.exists()
        assert all(is_gone(pid) for pid in pids.values())
        assert server.stderr.read_text("utf-8") == ""


def test_a_killed_worker_is_replaced_and_nothing_is_begun_anew(tmp_path: Path) -> None:
    flags = (*TWO, "--scenario", "quota-runs-out")
    with (
        serving(tmp_path, *flags, database=postgres.empty_schema()) as server,
        AdminClient(server.url) as admin,
    ):
        default = Buyer(server.url, admin.get("/accounts/default"), admin)
        task_id = default.submit()
        before = pids_of_each(server.url, 2)
        for each in workers_of(server):
            each.kill()
        until(lambda: server.said.count("answers again") == 2)
        after = pids_of_each(server.url, 2)

        assert not set(before.values()) & set(after.values())
        assert f"worker 1 (process {before[1]}) was killed by SIGKILL" in server.said
        found = admin.account("default").get("/tasks")["tasks"]
        assert [task["task_id"] for task in found] == [task_id]


def test_what_one_worker_took_into_the_inbox_all_of_them_show(tmp_path: Path) -> None:
    with (
        serving(tmp_path, *TWO, database=postgres.empty_schema()) as server,
        AdminClient(server.url) as admin,
    ):
        buyer = buyer_of(admin, server)
        task_id = buyer.submit(call_back=f"{server.url}/_mock/inbox/{buyer.id}")
        buyer.clock(advance="1m", settle=True)
        assert buyer.settled()["state"] == "delivered"
        place = f"{server.url}/_mock/inspect/{buyer.id}/inbox"
        shown = [urllib3.request("GET", place).data.decode() for _ in range(6)]

        assert all(task_id in each for each in shown)


def test_no_worker_outlives_a_killed_server(tmp_path: Path) -> None:
    with serving(tmp_path, *TWO, database=postgres.empty_schema()) as server:
        pids = [each.pid for each in workers_of(server)]
        port = server.url.rpartition(":")[2]
        server.kill()

        assert len(pids) == 2
        until(lambda: all(is_gone(pid) for pid in pids))
        assert "Traceback" not in server.said
        with serving(tmp_path, "--port", port):  # nobody listens any more
            pass


def test_interrupting_the_whole_group_ends_it_cleanly(tmp_path: Path) -> None:
    with serving(tmp_path, *TWO, database=postgres.empty_schema()) as server:
        workers = workers_of(server)
        for each in workers:  # as Ctrl-C in a terminal does
            each.send_signal(signal.SIGINT)

        assert server.end(signal.SIGINT) == 0
        assert all(is_gone(each.pid) for each in workers)
        assert server.stderr.read_text("utf-8") == ""


def test_a_signal_during_the_start_leaves_nothing_over(tmp_path: Path) -> None:
    server = start(tmp_path, *TWO, database=postgres.empty_schema())
    until(lambda: workers_of(server))
    workers = workers_of(server)

    assert server.end(signal.SIGTERM) == 0
    assert all(is_gone(each.pid) for each in workers)
    assert not server.ready_file.exists()
    assert "Traceback" not in server.said


def test_encrypted_connections_reach_all_workers(tmp_path: Path) -> None:
    address = postgres.empty_schema()
    with serving(tmp_path, *TWO, "--tls", database=address) as server:
        ca = run("env", "--format", "json", cwd=tmp_path, url=server.url)
        certificate = tmp_path / "artqr-mock" / "tls" / "ca.pem"
        assert certificate.exists(), ca.stderr
        context = ssl.create_default_context(cafile=str(certificate))
        seen = {serving_of(server.url, ssl_context=context)["worker"] for _ in range(64)}

    assert seen == {1, 2}


def test_a_port_in_use_is_refused_though_it_could_be_shared(tmp_path: Path) -> None:
    address = postgres.empty_schema()
    with serving(tmp_path, *TWO, database=address) as server:
        port = server.url.rpartition(":")[2]
        for flags in (TWO, ()):
            again = run("serve", "--port", port, *flags, "--database", address, cwd=tmp_path)

            assert again.returncode == 3
            assert f"cannot listen on 127.0.0.1:{port}" in again.stderr


def test_a_worker_that_cannot_start_ends_the_server_with_its_reason(tmp_path: Path) -> None:
    nowhere = "postgresql://user@127.0.0.1:1/x"
    ended = run("serve", "--port", "0", *TWO, "--database", nowhere, cwd=tmp_path)

    assert ended.returncode == 3
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("artqr-mock: cannot use the PostgreSQL database: connection failed")


def test_a_scenario_that_does_not_exist_ends_the_server_with_its_reason(tmp_path: Path) -> None:
    flags = ("--port", "0", "--scenario", "no-such", "--database", postgres.empty_schema())
    one, two = (run("serve", *flags, "--workers", count, cwd=tmp_path) for count in ("1", "2"))

    assert two.returncode == one.returncode == 2
    assert two.stderr == one.stderr
    assert "unknown scenario 'no-such'" in two.stderr


def test_a_file_is_refused_with_the_reason_and_the_remedy(tmp_path: Path) -> None:
    refused = run("serve", *TWO, "--port", "0", "--database", str(tmp_path / "x"), cwd=tmp_path)

    assert refused.returncode == 2
    assert "an SQLite file serves one process" in refused.stderr
    assert "--database postgresql://" in refused.stderr
    assert not (tmp_path / "x").exists()


def test_one_process_writes_what_another_refuses_to_repeat(tmp_path: Path) -> None:
    """The same connection pool, whichever worker answers: the last credit is given out once."""
    with (
        serving(tmp_path, *TWO, database=postgres.empty_schema()) as server,
        AdminClient(server.url) as admin,
        urllib3.PoolManager(retries=False) as pool,
    ):
        buyer = buyer_of(admin, server, credits=3)
        headers = {"Authorization": f"APPCODE {buyer.app_code}", "Connection": "close"}
        fields = {"text": "x", "style_id": "pet_cat"}
        statuses = [
            pool.request("POST", f"{server.url}/submitTask", fields=fields, headers=headers,
                         encode_multipart=False).status
            for _ in range(8)
        ]  # fmt: skip
        assert statuses == [200] * 3 + [403] * 5
