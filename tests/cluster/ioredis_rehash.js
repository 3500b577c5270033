// SPDX-License-Identifier: Apache-2.0
// ioredis under steady load: node ioredis_rehash.js PORT. On every key commands are begun in bunches, without waiting, and must be
// answered as if they ran one after another. Prints `operations N` ten times a second. When its input ends it awaits what is
// under way and prints `done N`; at the first answer that is wrong, or an error of any kind, it says so and exits 1.
const Redis = require('ioredis');

const cluster = new Redis.Cluster([{ host: '127.0.0.1', port: Number(process.argv[2]) }]);
const keys = Array.from({ length: 48 }, (_, i) => `{ioredis:${i}}`);
let operations = 0;
let stopping = false;

function fail(what) {
  console.log(`failed: ${what}`);
  process.exit(1);
}

async function expect(what, reply, expected) {
  const got = await reply.catch((error) => fail(`${what}: ${error.message}`));
  if (JSON.stringify(got) !== JSON.stringify(expected)) fail(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
  operations += 1;
}

async function use(key) {
  let count = 0;
  let text = '';
  const counter = `${key}n`;
  const log = `${key}s`;
  for (let round = 0; !stopping; round += 1) {
    const bunch = [];
    for (let i = 0; i < 4; i += 1) {
      bunch.push(expect(`INCR ${counter}`, cluster.incr(counter), (count += 1)));
      text += `${round}.`;
      bunch.push(expect(`APPEND ${log}`, cluster.append(log, `${round}.`), text.length));
    }
    bunch.push(expect(`GET ${counter}`, cluster.get(counter), String(count)));
    bunch.push(expect(`MGET ${key}`, cluster.mget(counter, log), [String(count), text]));
    if (text.length > 1000) {
      text = '';
      bunch.push(expect(`DEL ${log}`, cluster.del(log), 1));
    }
    await Promise.all(bunch);
    if (text) await expect(`pipeline of ${key}`, cluster.pipeline().get(counter).get(log).exec(), [[null, String(count)], [null, text]]);
  }
}

async function main() {
  // A cluster that it has lost for a moment, it would forgive; we do not.
  cluster.on('error', (error) => fail(`the cluster: ${error.message}`));
  cluster.on('node error', (error, node) => fail(`node ${node}: ${error.message}`));
  await new Promise((resolve) => cluster.once('ready', resolve));
  process.stdin.resume().on('end', () => { stopping = true; });
  const report = () => console.log(`operations ${operations}`);
  const timer = setInterval(report, 100);
  await Promise.all(keys.map(use));
  clearInterval(timer);
  cluster.disconnect();
  console.log(`done ${operations}`);
}

main().catch((error) => fail(error.stack));
