// What tests need before a browser opens: dossiers that people of the demo carried to a certain point,
// by the API that the desk uses.
import assert from 'node:assert/strict';
import { ADDRESS } from './harness.mjs';

const TRIES = 60;
const WAIT_MS = 250;
const STALE_MAX = 5;

const tokens = new Map();
let keys = 0;
const key = () => `${process.pid}-${Date.now()}-${(keys += 1)}`;
const pause = () => new Promise((resolve) => setTimeout(resolve, WAIT_MS));

async function tokenOf(person) {
  if (!tokens.has(person)) {
    const { body } = await send('POST', '/demo/sign-ins', { person });
    tokens.set(person, body.token);
  }
  return tokens.get(person);
}

async function send(method, path, body, headers = {}) {
  const sent = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(ADDRESS + path, {
    method,
    headers: { 'Accept-Language': 'en', 'Idempotency-Key': key(), ...sent, ...headers },
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const { status } = response;
  return { status, body: text ? JSON.parse(text) : {}, etag: response.headers.get('etag') };
}

async function asked(person, method, path, body, headers) {
  const Authorization = `Bearer ${await tokenOf(person)}`;
  return send(method, path, body, { Authorization, ...headers });
}

function granted(reply, what) {
  assert.ok(reply.status < 300, `${what}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply;
}

// A request of a person, which must succeed.
export const call = async (person, method, path, body, headers = {}) =>
  granted(await asked(person, method, path, body, headers), `${method} ${path}`);

// Reads a resource of a dossier until `is` holds: services react to one another within a moment.
export async function until(person, path, is) {
  const Authorization = `Bearer ${await tokenOf(person)}`;
  for (let tried = 0; ; tried += 1) {
    const reply = await send('GET', path, undefined, { Authorization });
    if (reply.status === 200 && is(reply.body)) return reply;
    assert.ok(tried < TRIES, `${path} did not become as expected: ${JSON.stringify(reply.body)}`);
    await pause();
  }
}

// Takes a step on the newest version of its resource, and again if a reaction of a service was faster.
export async function step(person, of, id, path, body = {}, is = () => true) {
  for (let tried = 0; ; tried += 1) {
    const { etag } = await until(person, `/v1/${of}/${id}`, is);
    const reply = await asked(person, 'POST', `/v1/${of}/${id}/${path}`, body, { 'If-Match': etag });
    if (reply.status !== 412 || tried === STALE_MAX) return granted(reply, `${path} of ${of}/${id}`);
  }
}

export async function upload(person, name) {
  const { body } = await call(person, 'POST', '/v1/documents', `%PDF-1.7 ${name} ${key()}`, {
    'Content-Type': 'application/pdf',
  });
  return body.document;
}

const firm = { name: 'Công ty Sao Mai', tax_code: '0101234565' };
export const FORMS = {
  'ENERGY.LABEL': ['G02.002', { company: firm, product: 'lamp', model: 'S1', stars: 5 }],
  'PRECURSOR.IMPORT': ['G02.002', { company: firm, precursor: 'Acetone', quantity_kg: 200 }],
  'CO.D': [
    'G02.001',
    {
      exporter: { ...firm, address: '12 Ngô Quyền, Hà Nội' },
      consignee: 'Siam Trading',
      destination: 'TH',
      goods: [{ description: 'Cà phê', hs: '090111', origin_criterion: 'WO', quantity: '20 tấn' }],
      invoice: 'HD-1',
    },
  ],
  '2.000004': [
    'H26.14',
    {
      merchant: { ...firm, phone: '0912345678' },
      programme: {
        name: 'Tết',
        goods: 'Cà phê',
        from: '2026-11-28',
        to: '2026-12-01',
        prizes_vnd: 1000000,
      },
    },
  ],
};

// Files a dossier of a procedure; returns it.
export async function file(procedure, more = {}, person = 'company-1', papers = []) {
  const [agency, form] = FORMS[procedure];
  const { body: known } = await call(person, 'GET', `/v1/procedures/${procedure}`);
  const documents = [...papers];
  for (const { code, required } of known.documents) {
    if (required) {
      const document = await upload(person, code);
      documents.push({ component: code, file_name: `${code}.pdf`, document });
    }
  }
  const body = { procedure, agency, channel: 'online', form, documents, ...more };
  return (await call(person, 'POST', '/v1/dossiers', body)).body;
}

// The sandbox reports a payment of an attempt.
export async function report(reference, amount) {
  const [event, transaction] = [key(), key()];
  const notice = { provider: 'sandbox', event, transaction, reference, kind: 'captured' };
  await call('sandbox', 'POST', '/v1/payment-notices', { ...notice, amount_vnd: amount });
}

// A carrier reports where a parcel is.
export async function track(waybill, kind, text) {
  const notice = { carrier: 'vnpost', event: key(), waybill, kind, text };
  await call('vnpost', 'POST', '/v1/parcel-notices', notice);
}

// Accepts a dossier, claims its review and completes its activity.
export async function examine(id, clerk = 'clerk-lan', reviewer = 'reviewer-minh') {
  const { body } = await call(clerk, 'GET', `/v1/dossiers/${id}`);
  if (body.stage === 'submitted') await step(clerk, 'dossiers', id, 'acceptance');
  await step(reviewer, 'reviews', id, 'claim', {}, ({ stage }) => stage === 'open');
  const { body: review } = await until(reviewer, `/v1/reviews/${id}`, ({ activity }) => activity);
  await step(reviewer, 'reviews', id, 'activities', { activity: review.activity });
}

// Carries a dossier on to its issued result, which is approved.
export async function issue(id, people = {}) {
  const { clerk = 'clerk-lan', reviewer = 'reviewer-minh', approver = 'approver-ha' } = people;
  await examine(id, clerk, reviewer);
  const proposal = { outcome: 'approved', reason: 'Complete and correct.' };
  await step(reviewer, 'reviews', id, 'decision-proposals', proposal);
  const { body } = await until(reviewer, `/v1/reviews/${id}`, (one) => one.proposal || one.outcome);
  if (body.proposal)
    await step(approver, 'reviews', id, 'decision', { proposal: body.proposal.proposal });
  const { body: delivery } = await until(clerk, `/v1/deliveries/${id}`, () => true);
  if (delivery.stage === 'prepared')
    await step(clerk, 'deliveries', id, 'result', { document: await upload(clerk, 'result') });
  // Intake hears of the decision by itself; a page that is opened before shows no result.
  await until(clerk, `/v1/dossiers/${id}`, ({ outcome }) => outcome);
}

// Issues a procedure like another one, with a text that `change` changes, by the two operators.
export async function issueLike(model, code, change) {
  const known = await call('company-1', 'GET', '/v1/procedures?limit=100');
  if (!known.body.some((one) => one.code === code)) {
    const { body: like } = await call('company-1', 'GET', `/v1/procedures/${model}`);
    const rules = `/v1/rules/procedure/${model}/${like.version}`;
    const { body: found } = await call('operator-dung', 'GET', rules);
    const { body: demo } = await call('operator-dung', 'GET', '/demo');
    const from = demo.now.slice(0, 10);
    const text = change(found.text)
      .replace(/^code: .*/m, `code: ${code}`)
      .replace(/^version: \d+/m, 'version: 1')
      .replace(/^issued: .*/m, `issued: ${from}`)
      .replace(/^effective: .*/m, `effective: { from: ${from} }`);
    await call('operator-dung', 'POST', '/v1/rules', { kind: 'procedure', text });
    const at = `/v1/rules/procedure/${code}/1`;
    const { body, etag } = await call('operator-lien', 'GET', at);
    if (body.status === 'awaiting_signature')
      await call('operator-lien', 'POST', `${at}/signature`, {}, { 'If-Match': etag });
  }
  FORMS[code] = FORMS[model];
}
