// SPDX-License-Identifier: Apache-2.0
// ioredis as a client of a cluster: node ioredis_cluster.js PORT KEY... prints what it saw as one JSON object.
const Redis = require('ioredis');

const [port, ...keys] = process.argv.slice(2);

async function main() {
  const cluster = new Redis.Cluster([{ host: '127.0.0.1', port: Number(port) }], {
    clusterRetryStrategy: () => null, // one attempt: a cluster that it cannot use is an error, at once
    slotsRefreshTimeout: 10000,
  });
  await new Promise((resolve, reject) => cluster.once('ready', resolve).once('error', reject));
  const seen = { nodes: cluster.nodes('master').map((node) => `${node.options.host}:${node.options.port}`).sort() };
  seen.set = await Promise.all(keys.map((key) => cluster.set(key, `value of ${key}`)));
  seen.get = await Promise.all(keys.map((key) => cluster.get(key)));
  seen.pipeline = await cluster.pipeline().set('{tag}a', 1).incr('{tag}a').get('{tag}a').exec();
  seen.mget = await cluster.mget('{tag}a', '{tag}none');
  seen.wrongtype = await cluster.incr(keys[0]).catch((error) => error.message);
  seen.crossslot = await cluster.mget(...keys).catch((error) => error.message);
  seen.info = /redis_version:\S+/.test(await cluster.info());
  seen.eval = await cluster.call('KV.EVAL', 'return kv.put({n = 1}), 42', 'null', 1, '{tag}document');
  seen.json = JSON.parse(await cluster.call('JSON.GET', '{tag}document'));
  const found = new Set();
  for (const node of cluster.nodes('master')) {
    for await (const page of node.scanStream({ match: 'ioredis:*', count: 10 })) page.forEach((key) => found.add(key));
  }
  seen.scan = [...found].sort();
  seen.del = await Promise.all(keys.map((key) => cluster.del(key)));
  cluster.disconnect();
  return seen;
}

main().then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => { console.error(error); process.exit(1); });
