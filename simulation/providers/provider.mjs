// Simulates a payment partner as a process of its own, which shares no code with Dossier: it signs, verifies and keeps
// books by itself, over TLS with a CA that it makes at start. Commands on a second port make it misbehave.
//
//   node provider.mjs '{"scheme": "vnpay", "folder": "/tmp/p", "packages": "…/node_modules", "secret": "…", …}'
//
// It writes `provider.json` (ports, CA) into the folder once it listens, and prints its books when it ends (SIGTERM).
// README.md lists the commands.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { renameSync, writeFileSync } from 'node:fs';
import { Books } from './books.mjs';
import { certificates, listen } from './tls.mjs';
import { Faults } from './faults.mjs';
import { send, whole } from './wire.mjs';
import { bank } from './bank.mjs';
import { momo } from './momo.mjs';
import { platform } from './platform.mjs';
import { vnpay } from './vnpay.mjs';

const config = JSON.parse(process.argv[2]);
const packages = config.packages ? createRequire(`${config.packages}/package.json`) : undefined;
const books = new Books();
const faults = new Faults();
const scheme = { vnpay, momo, 'national-platform': platform, bank }[config.scheme](config, books, packages);

// A call of the merchant: the fault in front of the effect, the effect, the fault after it.
async function called(request, response) {
  const text = await whole(request);
  const url = new URL(request.url, `https://${request.headers.host}`);
  const call = scheme.route?.(request.method, url, text);
  if (call === undefined) return answer(response, { status: 404, body: 'no such address' });
  const fault = faults.take(call.name);
  books.count(call.name, fault?.kind);
  if (call.name === 'refund') books.sent(scheme.refund_id(text));
  if (fault?.kind === 'error_500') return answer(response, { status: 500, body: 'internal error' });
  if (fault?.kind === 'hang') return faults.hold(response.socket);
  const reply = await call.handle();
  if (fault?.kind === 'lost_reply') return response.socket.destroy();
  if (fault?.kind === 'hang_after') return faults.hold(response.socket);
  if (fault?.kind === 'garbage') return answer(response, { status: 200, body: '<html>maintenance</html>' });
  if (fault?.kind === 'half_reply') {
    response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': reply.body.length + 1 });
    response.write(reply.body.slice(0, reply.body.length / 2));
    return faults.hold(response.socket);
  }
  if (fault?.kind === 'slow') await new Promise((done) => setTimeout(done, fault.milliseconds));
  answer(response, reply);
}

// One connection for each call, so that a fault of a connection meets the next call.
function answer(response, { status, body }) {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(body);
}

// Sends a report and books what was answered; `null` if nothing was.
async function report(transaction, options = {}) {
  const message = scheme.report(transaction, options);
  if (options.lose) return null;
  let reply = null;
  try {
    reply = await send(message, config.report_timeout_ms ?? 20_000);
  } catch (error) {
    reply = { error: String(error.message ?? error) };
  }
  if (options.wrong_secret || options.changed_amount !== undefined) return reply;
  const acknowledged = reply.error === undefined && scheme.acknowledged(reply);
  books.reported(transaction, reply, acknowledged);
  return { ...reply, acknowledged };
}

// The payer pays an order `times` times (1), and each payment is reported `reports` times (1).
async function pay({ reference, amount, times = 1, outcome = 'captured', reports = 1, paid_at }) {
  const order = books.order(reference);
  const done = [];
  for (let n = 0; n < times; n += 1) {
    const at = paid_at === undefined ? new Date() : new Date(paid_at);
    const transaction = books.paid(order, amount ?? order.amount, outcome, at);
    const answers = [];
    for (let m = 0; m < reports; m += 1) answers.push(await report(transaction));
    done.push({ ...transaction, answers });
  }
  return done;
}

const commands = {
  // The payer's browser opens the address that the merchant gave.
  'POST /open': ({ url }) => scheme.route('GET', new URL(url), '').handle(),
  'POST /pay': pay,
  // Reports a payment again, or as somebody who does not have the secret, or with another amount.
  'POST /report': async ({ transaction, times = 1, ...options }) => {
    const found = books.transaction(transaction);
    const answers = [];
    for (let n = 0; n < times; n += 1) answers.push(await report(found, options));
    return answers;
  },
  // Reports what nobody acknowledged, as partners do for hours.
  'POST /redeliver': async () => {
    const answers = [];
    for (const transaction of books.unacknowledged()) answers.push(await report(transaction));
    return answers;
  },
  'POST /return': ({ transaction }) => ({ url: scheme.returned(books.transaction(transaction)) }),
  // Money that comes without an order: only to a bank.
  'POST /transfer': (transfer) => scheme.transfer(transfer),
  // A bank takes back a transfer.
  'POST /reverse': (reversal) => scheme.reverse(reversal),
  'POST /refunds': ({ outcome }) => books.settle_refunds(outcome),
  // What becomes of refunds from now on: `refunded`, `pending` or `failed`.
  'POST /policy': ({ refunds }) => {
    config.refunds = refunds;
  },
  'POST /faults': (fault) => faults.add(fault),
  'DELETE /faults': () => faults.clear(),
  'GET /books': () => books.all(),
  'GET /statement': (_, query) => scheme.statement(Object.fromEntries(query)),
};

const control = createServer(async (request, response) => {
  try {
    const text = await whole(request);
    const { pathname, searchParams } = new URL(request.url, 'http://control');
    const command = commands[`${request.method} ${pathname}`];
    if (command === undefined) throw new Error(`no command ${request.method} ${pathname}`);
    const result = await command(text === '' ? {} : JSON.parse(text), searchParams);
    answer(response, { status: 200, body: typeof result === 'string' ? result : JSON.stringify(result ?? null) });
  } catch (error) {
    answer(response, { status: 500, body: JSON.stringify({ error: String(error.stack ?? error) }) });
  }
});

const pems = certificates(config.folder);
const port = await listen(pems, faults, (request, response) => {
  called(request, response).catch((error) => {
    books.defect(String(error.stack ?? error));
    answer(response, { status: 500, body: 'internal error' });
  });
});
await new Promise((done) => control.listen(0, '127.0.0.1', done));

const parent = process.ppid;
// Ends with whoever started it, even if that was killed.
setInterval(() => process.ppid === parent || process.exit(1), 1_000).unref();
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(books.all())}\n`);
  process.exit(0);
});
const ready = JSON.stringify({ port, control: control.address().port, ca: pems.ca });
writeFileSync(`${config.folder}/provider.json.new`, ready);
renameSync(`${config.folder}/provider.json.new`, `${config.folder}/provider.json`);
