'use strict';
// A silo with the stock Node gRPC client: registers, heartbeats on one stream, finds, watches, leaves on SIGTERM.
// usage: silo.js ENDPOINT SILO-ID PORT PROTO-DIR; from the top of the repository, beside a running qvtd:
//
//     npm install --no-save --prefix examples/node @grpc/grpc-js @grpc/proto-loader
//     node examples/node/silo.js localhost:7070 orders-1 11111 proto

const crypto = require('crypto');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [endpoint, siloId, port, protoDir] = process.argv.slice(2);
const [TYPE, VERSION] = ['OrderActor', '2.1.0'];
const definition = loader.loadSync('quark/version/v1/version_tracker.proto', {
  includeDirs: [protoDir, '/usr/include'],
  keepCase: true,
  longs: String,
  enums: String,
});
const { VersionTracker } = grpc.loadPackageDefinition(definition).quark.version.v1;
const tracker = new VersionTracker(endpoint, grpc.credentials.createInsecure());
const instanceId = crypto.randomBytes(16); // picked once a process: makes retries harmless
let held;
let ttlMs;
let timer;

function call(method, request) {
  return new Promise((resolve, reject) => {
    tracker[method](request, { deadline: Date.now() + 5000 }, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

async function register() {
  const silo = {
    silo_id: siloId,
    address: '127.0.0.1',
    port: Number(port),
    actor_type_versions: { [TYPE]: { version: VERSION } },
  };
  const answer = await call('RegisterSilo', { silo, instance_id: instanceId, held });
  held = { incarnation: answer.silo.incarnation, store_id: answer.position.store_id };
  ttlMs = Number(answer.silo.lease_ttl.seconds) * 1000 + answer.silo.lease_ttl.nanos / 1e6;
}

// One long stream; a lease that is gone is asked for again, unless another process took the silo id.
function keepLease() {
  const stream = tracker.HeartbeatStream();
  const beat = () => stream.write({ silo_id: siloId, incarnation: held.incarnation });
  timer = setInterval(beat, ttlMs / 3);
  stream.on('data', () => {});
  stream.on('error', (error) => {
    clearInterval(timer);
    if (error.code === grpc.status.ABORTED) {
      console.log('superseded');
      process.exit(1);
    }
    const again = error.code === grpc.status.NOT_FOUND ? register() : Promise.resolve();
    again.catch(() => {}).then(() => setTimeout(keepLease, ttlMs / 6));
  });
  beat();
}

// Follows who serves the type; what has been applied is acknowledged.
function watch() {
  const stream = tracker.Watch();
  stream.on('data', (told) => {
    for (const record of (told.change && told.change.puts) || []) {
      console.log('changed', record.key);
    }
    if (told.position) {
      stream.write({ acknowledged: told.position });
    }
  });
  stream.on('error', () => setTimeout(watch, 1000));
  stream.write({ actor_types: [TYPE] });
}

async function leave() {
  clearInterval(timer);
  await call('UnregisterSilo', { silo_id: siloId, incarnation: held.incarnation });
  console.log('left');
  process.exit(0);
}

async function main() {
  await register();
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  keepLease();
  watch();
  const answer = await call('FindCompatibleSilos', { actor_type: TYPE, version: VERSION, caller: siloId });
  for (const silo of answer.silos) {
    console.log('found', silo.silo_id, silo.version, `${silo.address}:${silo.port}`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
