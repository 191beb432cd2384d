// gRPC's interoperability cases for @grpc/grpc-js: client.js HOST:PORT CASE; exit status 0 when it passes.
// The package comes from tests/integration/node.
'use strict';
const assert = require('assert');
const path = require('path');
const root = path.resolve(__dirname, '../../..');
const load = require('module').createRequire(path.join(root, 'tests/integration/node/package.json'));
const grpc = load('@grpc/grpc-js');
const loader = load('@grpc/proto-loader');

const definition = loader.loadSync('grpc/testing/test.proto', {
  includeDirs: [path.join(root, 'tests/conformance/proto')],
  keepCase: true, defaults: true, enums: String,
});
const testing = grpc.loadPackageDefinition(definition).grpc.testing;
const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];
const LARGE_REQUEST = 271828;
const LARGE_RESPONSE = 314159;
const status = grpc.status;

const zeros = (size) => ({ body: Buffer.alloc(size) });
const deadline = (ms) => ({ deadline: Date.now() + ms });

// What happened to a call: messages, headers, and the status with its metadata, once it is over.
function outcome(call) {
  const seen = { messages: [], headers: null };
  return new Promise((resolve) => {
    call.on('metadata', (metadata) => { seen.headers = metadata; });
    call.on('data', (message) => { seen.messages.push(message); call.emit('told', message); });
    call.on('error', () => {});
    call.on('status', (end) => resolve(Object.assign(seen, { status: end })));
  });
}

function unary(client, method, request, metadata = new grpc.Metadata(), options = deadline(20000)) {
  return new Promise((resolve) => {
    const seen = {};
    const call = client[method](request, metadata, options, (error, response) => { seen.error = error; seen.response = response; });
    call.on('metadata', (headers) => { seen.headers = headers; });
    call.on('status', (end) => setImmediate(() => resolve(Object.assign(seen, { status: end }))));
  });
}

function expectStatus(seen, code, details) {
  assert.strictEqual(seen.status.code, code, `${seen.status.code}: ${seen.status.details}`);
  if (details !== undefined) {
    assert.strictEqual(seen.status.details, details);
  }
}

function echoMetadata() {
  const metadata = new grpc.Metadata();
  metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
  metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from('ababab', 'hex'));
  return metadata;
}

function expectEcho(seen) {
  assert.deepStrictEqual(seen.headers.get('x-grpc-test-echo-initial'), ['test_initial_metadata_value']);
  assert.deepStrictEqual(seen.status.metadata.get('x-grpc-test-echo-trailing-bin'), [Buffer.from('ababab', 'hex')]);
}

async function pingPong(client, sizes, act) {
  const call = client.FullDuplexCall(deadline(20000));
  const over = outcome(call);
  let next = 0;
  const ask = () => call.write({ response_parameters: [{ size: RESPONSE_SIZES[next] }], payload: zeros(sizes[next]) });
  call.on('told', (message) => {
    assert.strictEqual(message.payload.body.length, RESPONSE_SIZES[next]);
    next += 1;
    act(call, next, ask);
  });
  ask();
  return over;
}

const cases = {
  async empty_unary(client) {
    const seen = await unary(client, 'EmptyCall', {});
    expectStatus(seen, status.OK);
    assert.deepStrictEqual(seen.response, {});
  },
  async large_unary(client) {
    const seen = await unary(client, 'UnaryCall', { response_size: LARGE_RESPONSE, payload: zeros(LARGE_REQUEST) });
    expectStatus(seen, status.OK);
    assert.ok(seen.response.payload.body.equals(Buffer.alloc(LARGE_RESPONSE)));
  },
  async client_streaming(client) {
    const seen = await new Promise((resolve) => {
      const got = {};
      const call = client.StreamingInputCall(deadline(20000), (error, response) => { got.response = response; });
      call.on('status', (end) => setImmediate(() => resolve(Object.assign(got, { status: end }))));
      REQUEST_SIZES.forEach((size) => call.write({ payload: zeros(size) }));
      call.end();
    });
    expectStatus(seen, status.OK);
    assert.strictEqual(seen.response.aggregated_payload_size, 74922);
  },
  async server_streaming(client) {
    const request = { response_parameters: RESPONSE_SIZES.map((size) => ({ size })) };
    const seen = await outcome(client.StreamingOutputCall(request, deadline(20000)));
    expectStatus(seen, status.OK);
    assert.deepStrictEqual(seen.messages.map((message) => message.payload.body.length), RESPONSE_SIZES);
  },
  async ping_pong(client) {
    const seen = await pingPong(client, REQUEST_SIZES, (call, next, ask) => (next < 4 ? ask() : call.end()));
    expectStatus(seen, status.OK);
    assert.strictEqual(seen.messages.length, 4);
  },
  async empty_stream(client) {
    const call = client.FullDuplexCall(deadline(20000));
    const over = outcome(call);
    call.end();
    const seen = await over;
    expectStatus(seen, status.OK);
    assert.strictEqual(seen.messages.length, 0);
  },
  async cancel_after_begin(client) {
    const call = client.StreamingInputCall(deadline(20000), () => {});
    const over = outcome(call);
    setImmediate(() => call.cancel());
    expectStatus(await over, status.CANCELLED);
  },
  async cancel_after_first_response(client) {
    const seen = await pingPong(client, REQUEST_SIZES, (call) => call.cancel());
    expectStatus(seen, status.CANCELLED);
    assert.strictEqual(seen.messages.length, 1);
  },
  async timeout_on_sleeping_server(client) {
    const call = client.FullDuplexCall(deadline(1));
    const over = outcome(call);
    call.write({ payload: zeros(27182) });
    expectStatus(await over, status.DEADLINE_EXCEEDED);
  },
  async custom_metadata(client) {
    const seen = await unary(client, 'UnaryCall', { response_size: LARGE_RESPONSE, payload: zeros(LARGE_REQUEST) }, echoMetadata());
    expectStatus(seen, status.OK);
    expectEcho(seen);
    const call = client.FullDuplexCall(echoMetadata(), deadline(20000));
    const over = outcome(call);
    call.write({ response_parameters: [{ size: LARGE_RESPONSE }], payload: zeros(LARGE_REQUEST) });
    call.end();
    const streamed = await over;
    expectStatus(streamed, status.OK);
    expectEcho(streamed);
  },
  async status_code_and_message(client) {
    const wanted = { code: 2, message: 'test status message' };
    expectStatus(await unary(client, 'UnaryCall', { response_status: wanted }), status.UNKNOWN, wanted.message);
    const call = client.FullDuplexCall(deadline(20000));
    const over = outcome(call);
    call.write({ response_status: wanted });
    call.end();
    expectStatus(await over, status.UNKNOWN, wanted.message);
  },
  async special_status_message(client) {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n';
    expectStatus(await unary(client, 'UnaryCall', { response_status: { code: 2, message } }), status.UNKNOWN, message);
  },
  async unimplemented_service(client, address) {
    const other = new testing.UnimplementedService(address, grpc.credentials.createInsecure());
    expectStatus(await unary(other, 'UnimplementedCall', {}), status.UNIMPLEMENTED);
    other.close();
  },
  async unimplemented_method(client) {
    expectStatus(await unary(client, 'UnimplementedCall', {}), status.UNIMPLEMENTED);
  },
};

async function main(address, name) {
  const client = new testing.TestService(address, grpc.credentials.createInsecure());
  await cases[name](client, address);
  client.close();
}

if (process.argv[2] === '--list') {
  console.log(Object.keys(cases).join('\n'));
} else {
  main(process.argv[2], process.argv[3]).catch((error) => { console.error(error); process.exit(1); });
}
