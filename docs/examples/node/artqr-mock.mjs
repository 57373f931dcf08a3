// Starts artqr-mock for a test run and talks to its admin API. Node's built-in modules only.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Start a server on a free port. Returns { url, stop } once it answers. */
export async function startServer(secondsToWait = 30) {
  const folder = await mkdtemp(join(tmpdir(), "artqr-"));
  const readyFile = join(folder, "ready.json");
  const server = spawn(
    "artqr-mock",
    ["serve", "--port", "0", "--database", ":memory:", "--ready-file", readyFile],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  let problem;
  const ended = once(server, "exit").catch((error) => { problem = error; }); // it did not start
  const stop = async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + secondsToWait * 1000; Date.now() < deadline; ) {
    if (problem?.code === "ENOENT") {
      throw new Error("artqr-mock not found on PATH: install it and add the folder of the command to PATH");
    }
    if (problem) throw problem;
    if (server.exitCode !== null) throw new Error(`artqr-mock ended with ${server.exitCode}`);
    const text = await readFile(readyFile, "utf8").catch(() => "");
    if (text) return { url: JSON.parse(text).url, stop };
    await pause(50);
  }
  await stop();
  throw new Error(`artqr-mock did not answer within ${secondsToWait} seconds`);
}

/** Call the admin API: admin(url, "POST", "/accounts", { credits: 3 }). */
export async function admin(url, method, path, body) {
  const answer = await fetch(`${url}/_mock${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const content = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${content.detail}`);
  return content;
}
