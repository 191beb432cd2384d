'use strict';
// A stock node client: registers silos, finds and watches them, and prints what it saw as JSON lines.
// usage: client.js ENDPOINT PROTO-DIR [CA-FILE]; without CA-FILE: cleartext

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [endpoint, protoDir, authority] = process.argv.slice(2);
const PATIENCE_MS = 30000;
const SHORT_MS = 300;

function load() {
  const definition = loader.loadSync('quark/version/v1/version_tracker.proto', {
    includeDirs: [protoDir, path.join('/usr', 'include')],
    keepCase: true,
    arrays: true,
    longs: String,
    enums: String,
    oneofs: true,
  });
  return grpc.loadPackageDefinition(definition).quark.version.v1.VersionTracker;
}

function say(what, value) {
  process.stdout.write(`${JSON.stringify({ what, value })}\n`);
}

function within(ms) {
  return { deadline: new Date(Date.now() + ms) };
}

function call(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, within(PATIENCE_MS), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function register(client, siloId, actorType, version) {
  const silo = { silo_id: siloId, address: '10.0.0.1', port: 9000, actor_type_versions: { [actorType]: { version } } };
  const answer = await call(client, 'RegisterSilo', { silo, instance_id: crypto.randomBytes(16) });
  say('registered', [answer.silo.silo_id, answer.silo.status, answer.silo.actor_type_versions[actorType].version]);
}

async function find(client, version) {
  const answer = await call(client, 'FindCompatibleSilos', { actor_type: 'Order', version });
  say('found', answer.silos.map((silo) => [silo.silo_id, silo.version, silo.port]));
}

async function refusal(client) {
  try {
    await call(client, 'GetSilo', { silo_id: 'nobody' });
  } catch (error) {
    say('refused', grpc.status[error.code]);
  }
}

// What the watcher does about each message: writes come back as changes, and the last of them is the end.
const REPLIES = {
  walk_end: async (client) => {
    await register(client, 'silo-4', 'Cart', '2.1.0');
    await register(client, 'silo-5', 'Order', '2.1.0');
  },
  CHANGE_EVENT_SILO_REGISTERED: (client) => call(client, 'UnregisterSilo', { silo_id: 'silo-1' }),
  CHANGE_EVENT_SILO_LEFT: (client, stream) => stream.cancel(),
};

async function follow(client, stream) {
  for await (const message of stream) {
    if (message.event === 'change') {
      say(message.change.event, message.change.puts.map((record) => record.key));
      stream.write({ acknowledged: message.position });
    } else if (message.event !== 'progress') {
      say(message.event, message.event === 'record' ? message.record.key : null);
    }
    const reply = REPLIES[message.event === 'change' ? message.change.event : message.event];
    if (reply !== undefined) {
      await reply(client, stream);
    }
  }
}

// Says how a watch ended that ends only when its client wants it to.
async function watch(client, ms, onMessages) {
  const stream = client.Watch(within(ms));
  stream.write({ actor_types: ['Order'] });
  try {
    await onMessages(client, stream);
    say('ended', 'OK');
  } catch (error) {
    say('ended', error.code === undefined ? String(error) : grpc.status[error.code]);
  }
}

async function ignore(client, stream) {
  for await (const message of stream) {
    void message;
  }
}

function credentials() {
  return authority === undefined
    ? grpc.credentials.createInsecure()
    : grpc.credentials.createSsl(fs.readFileSync(authority));
}

async function main() {
  const client = new (load())(endpoint, credentials());
  await register(client, 'silo-1', 'Order', '2.1.0');
  await register(client, 'silo-2', 'Order', '2.2.0');
  await register(client, 'silo-3', 'Cart', '2.1.0');
  await find(client, '2.1.0');
  await refusal(client);
  await watch(client, PATIENCE_MS, follow);
  await watch(client, SHORT_MS, ignore);
  await find(client, '2.1.0');
  client.close();
}

main().catch((error) => {
  say('error', String(error));
  process.exit(1);
});
