// Run with: node --test
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { admin, startServer } from "./artqr-mock.mjs";
import { ArtQrClient } from "./shop.mjs";

const FIELDS = { text: "https://example.com", style_id: "food_fryrice" };
let server, account, client;

before(async () => { server = await startServer(); });
after(() => server.stop());
beforeEach(async () => {
  account = await admin(server.url, "POST", "/accounts", { credits: 3, seed: 7 });
  client = new ArtQrClient(server.url, account.app_code);
});

test("a task ends when the clock is moved", async () => {
  const { task_id } = await client.submit(FIELDS);
  assert.equal((await client.query(task_id)).status, "pending");

  await admin(server.url, "POST", `/accounts/${account.id}/clock`, { to_next_event: true, settle: true });

  const task = await client.query(task_id);
  assert.equal(task.status, "succeeded");
  const picture = await fetch(task.resList[0]);
  assert.equal(picture.headers.get("Content-Type"), "image/png");
});

test("the callback arrives before the clock call returns", async () => {
  const received = [];
  const receiver = createServer(async (request, answer) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    received.push(JSON.parse(Buffer.concat(parts).toString()));
    answer.end("ok");
  });
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  const { task_id } = await client.submit({
    ...FIELDS, call_back: `http://127.0.0.1:${receiver.address().port}/done`,
  });

  await admin(server.url, "POST", `/accounts/${account.id}/clock`, { to_next_event: true, settle: true });
  receiver.close();

  assert.equal(received.length, 1);
  assert.equal(received[0].task_id, task_id);
});

test("a used-up package is refused, and a reset fills it again", async () => {
  for (let call = 0; call < 3; call++) await client.submit(FIELDS);
  await assert.rejects(client.submit(FIELDS), { status: 403, code: "B403MQ" });

  await admin(server.url, "POST", `/accounts/${account.id}/reset`);

  await client.submit(FIELDS);
});

test("an app code is enough to make a call fail", async () => {
  const unlucky = new ArtQrClient(server.url, "mock-timeout");
  await assert.rejects(unlucky.submit(FIELDS), { status: 504, code: "D504TO" });
});

test("the client makes no mistakes, and the calls cost what they should", async () => {
  await client.submit(FIELDS);
  const findings = await admin(server.url, "GET", `/accounts/${account.id}/findings`);
  assert.deepEqual(findings.findings.filter(({ severity }) => severity === "error"), []);
  const bill = await admin(server.url, "GET", `/accounts/${account.id}/bill`);
  assert.deepEqual([bill.charges, bill.fen], [1, 28]);
});
