'use strict';
// A stock node client: finds, watches, and prints what it saw as JSON lines. usage: client.js ENDPOINT PROTO-DIR TYPE

const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [endpoint, protoDir, actorType] = process.argv.slice(2);
const PATIENCE_MS = 30000;

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

function deadline() {
  return new Date(Date.now() + PATIENCE_MS);
}

function call(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, { deadline: deadline() }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function find(client) {
  const answer = await call(client, 'FindCompatibleSilos', { actor_type: actorType, version: '2.1.0' });
  say('found', answer.silos.map((silo) => [silo.silo_id, silo.version, silo.port]));
  try {
    await call(client, 'GetSilo', { silo_id: 'nobody' });
  } catch (error) {
    say('refused', grpc.status[error.code]);
  }
}

// Ends when the silo named "last" has been put.
function watch(client) {
  const stream = client.Watch({ deadline: deadline() });
  stream.on('data', (message) => {
    if (message.event === 'progress') {
      return;
    }
    if (message.event === 'change') {
      const keys = message.change.puts.map((record) => record.key);
      say('change', [message.change.event, keys]);
      if (keys.includes('last')) {
        stream.end();
        stream.cancel();
        client.close();
      }
      return;
    }
    say(message.event, message.event === 'record' ? message.record.key : null);
  });
  stream.on('error', (error) => {
    if (error.code !== grpc.status.CANCELLED) {
      say('error', `${error.code} ${error.details}`);
      process.exitCode = 1;
    }
  });
  stream.write({ actor_types: [actorType] });
}

async function main() {
  const client = new (load())(endpoint, grpc.credentials.createInsecure());
  await find(client);
  watch(client);
}

main().catch((error) => {
  say('error', String(error));
  process.exit(1);
});
