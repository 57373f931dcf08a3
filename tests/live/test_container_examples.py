"""The example for Testcontainers does what it shows, with a server in place of its container."""

import subprocess
from pathlib import Path

import pytest

from mock_server.server import running
from mock_server.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "testcontainers" / "artqr.test.mjs"
TOKEN = "test-token"
INSIDE = "host.testcontainers.internal"
# The part of the library that the example uses; the container is the server of this test.
LIBRARY = """
const given = {};
export const TestContainers = {async exposeHostPorts(port) { given.port = port; }};
export const Wait = {forHttp: (path, port) => ({path, port})};
export class GenericContainer {
  constructor(image) { given.image = image; }
  withExposedPorts(port) { given.exposed = port; return this; }
  withEnvironment(variables) { given.variables = variables; return this; }
  withWaitStrategy(strategy) { given.strategy = strategy; return this; }
  async start() {
    const url = new URL(process.env.SERVER);
    const {path, port} = given.strategy;
    const ready = await fetch(`${url.origin}${path}`);
    const wrong = given.image !== 'artqr-mock' || given.exposed !== 3040 || port !== 3040
      || given.variables.ARTQR_MOCK_TOKEN !== 'test-token' || !ready.ok || !given.port;
    if (wrong) throw new Error(JSON.stringify(given));
    return {getHost: () => url.hostname, getMappedPort: () => url.port, async stop() {}};
  }
}
"""


@pytest.mark.slow
def test_the_example_in_node_gets_its_callback(tmp_path: Path) -> None:
    library = tmp_path / "node_modules" / "testcontainers"
    library.mkdir(parents=True)
    (library / "index.mjs").write_text(LIBRARY, "utf-8")
    (library / "package.json").write_text('{"exports": "./index.mjs"}', "utf-8")
    example = tmp_path / EXAMPLE.name
    text = EXAMPLE.read_text("utf-8")
    assert f"ARTQR_MOCK_CALLBACK_HOSTS: '{INSIDE}'" in text
    example.write_text(text.replace(INSIDE, "127.0.0.1"), "utf-8")

    with running(Settings(port=0, database=":memory:", token=TOKEN)) as server:
        done = subprocess.run(
            ["node", "--test", str(example)], capture_output=True, text=True, timeout=60,
            check=False, env={"PATH": "/usr/local/bin:/usr/bin:/bin", "SERVER": server.url},
            cwd=tmp_path,
        )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 1" in done.stdout
