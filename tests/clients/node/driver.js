'use strict';
// Makes the calls of standard input, a JSON job, and prints what the client returned or threw.

const {createRequire} = require('module');
const {Client, SimpleClient} = createRequire(process.argv[2])('aliyun-api-gateway');

async function call(job, {client, path, type, data, query, secret}) {
  const sender = client === 'SimpleClient'
    ? new SimpleClient(job.appCode)
    : new Client(job.key, secret || job.secret);
  try {
    const headers = type ? {'content-type': type} : {};
    const body = await sender.post(job.url + path, {data, query, headers, timeout: 10000});
    return {status: 200, body};
  } catch (error) {
    return {status: error.code, message: error.message, headers: (error.data || {}).headers};
  }
}

async function main() {
  let text = '';
  for await (const part of process.stdin) text += part;
  const job = JSON.parse(text);
  const answers = [];
  for (const each of job.calls) answers.push(await call(job, each));
  // The client leaves refused answers unread: do not wait for their connections.
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
}

main();
