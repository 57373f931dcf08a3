// npm install --save-dev testcontainers, and an image `artqr-mock` that the Dockerfile built
import assert from 'node:assert';
import {createServer} from 'node:http';
import {after, before, test} from 'node:test';
import {GenericContainer, TestContainers, Wait} from 'testcontainers';

const TOKEN = 'test-token';
let artqr, url, receiver;
let received;

before(async () => {
  // The receiver runs here, on the host: the container reaches it as host.testcontainers.internal.
  received = new Promise((resolve) => {
    receiver = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      response.end('ok');
      resolve(JSON.parse(body));
    });
  });
  await new Promise((resolve) => receiver.listen(0, resolve));
  await TestContainers.exposeHostPorts(receiver.address().port);
  artqr = await new GenericContainer('artqr-mock')
    .withExposedPorts(3040)
    .withEnvironment({
      ARTQR_MOCK_TOKEN: TOKEN,
      ARTQR_MOCK_DATABASE: ':memory:',
      ARTQR_MOCK_CALLBACK_HOSTS: 'host.testcontainers.internal',
    })
    .withWaitStrategy(Wait.forHttp('/_mock/readyz', 3040))
    .start();
  url = `http://${artqr.getHost()}:${artqr.getMappedPort(3040)}`;
});

after(async () => {
  await artqr?.stop();
  receiver?.close();
});

test('a task ends with a callback', async () => {
  const call_back = `http://host.testcontainers.internal:${receiver.address().port}/done`;
  const answer = await fetch(`${url}/submitTask`, {
    method: 'POST',
    headers: {Authorization: 'APPCODE mock-demo'},
    body: new URLSearchParams({text: 'https://example.com', style_id: 'pet_cat', call_back}),
  });
  assert.equal(answer.status, 200);

  await fetch(`${url}/_mock/accounts/default/clock`, {
    method: 'POST',
    headers: {Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json'},
    body: JSON.stringify({advance: '1m', settle: true}),
  });
  assert.ok((await received).task_id);
});
