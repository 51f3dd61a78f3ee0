// A server that takes payments through a wallet of the test and by transfer to an account, with dossiers
// whose fee is owed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from './served.mjs';
import { FORMS } from './world.mjs';

const TRIES = 60;

// A wallet that answers as `mood.works` says.
function wallet(mood) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { orderId, requestId } = JSON.parse(body);
    const done = { partnerCode: 'SHOP', orderId, requestId, resultCode: 0, message: 'ok' };
    response.writeHead(mood.works ? 200 : 500, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ ...done, payUrl: `http://wallet.example/${orderId}` }));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve({ port: server.address().port, close: () => server.close() }),
    );
  });
}

const partner = (port) => `
name: wallet
version: 1
title: { vi: Ví, en: Wallet }
kind: payment_provider
scheme: momo-2
enabled: true
secrets: [wallet]
permits_http: true
private_networks: ['127.0.0.0/8']
addresses: { pay: 'http://127.0.0.1:${port}/create', query: 'http://127.0.0.1:${port}/query' }
settings: { partner_code: SHOP, access_key: ACCESS }
capabilities: { pay: 'on', notify: 'on', return: 'on', query: 'on' }
limits: { timeout_seconds: 2, amount_min: 1000 }
`;

// The account of the bank, and the columns of its files.
export const ACCOUNT = '0011000000001';
export const COLUMNS = ['Ngày giao dịch', 'Số bút toán', 'Số tài khoản', 'Ghi nợ', 'Ghi có', 'Nội dung'];

const bank = `
name: bank-transfer
version: 1
title: { vi: Chuyển khoản, en: Bank transfer }
kind: bank
scheme: bank-transfer
enabled: true
settings: { format: csv, thousands: ',', time_format: '%d/%m/%Y %H:%M:%S' }
fields:
  account: Số tài khoản
  event: Số bút toán
  credit: Ghi có
  debit: Ghi nợ
  memo: Nội dung
  booked_at: Ngày giao dịch
capabilities: { pay: 'on', statement: 'on' }
accounts:
  - { agency: G02, bank: '970436', number: '${ACCOUNT}', holder: KHO BAC NHA NUOC }
`;

// `mood.works` is whether the wallet does; `more` are further flags of the server. The result is ended by `end`.
export async function openWorld(mood, more = []) {
  const folder = mkdtempSync(join(tmpdir(), 'desk-'));
  const asked = await wallet(mood);
  const [files, secrets] = [join(folder, 'partners'), join(folder, 'secrets')];
  for (const one of [files, secrets]) mkdirSync(one);
  writeFileSync(join(files, 'wallet.yaml'), partner(asked.port));
  writeFileSync(join(files, 'bank-transfer.yaml'), bank);
  writeFileSync(join(secrets, 'wallet'), 'wallet secret');
  const flags = [...more, '--partners', files, '--partner-secrets', secrets];
  const served = await serve(folder, [...flags, '--public-url', 'https://dossier.example']);
  const token = (role, ...more) =>
    execFileSync(
      process.env.PROGRAM,
      ['token', '--data', join(folder, 'data'), '--role', role, ...more],
      { encoding: 'utf8' },
    ).trim();
  const end = () => {
    served.end();
    asked.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address: served.address, token, end, ...requestsTo(served.address) };
}

function requestsTo(server) {
  // A request with a token; the reply, which must be granted.
  async function call(bearer, method, path, body, headers = {}) {
    const isText = typeof body === 'string';
    const response = await fetch(server + path, {
      method,
      headers: {
        Authorization: `Bearer ${bearer}`,
        'Idempotency-Key': `${path}-${Math.random()}`,
        'Content-Type': isText ? 'application/pdf' : 'application/json',
        ...headers,
      },
      body: body === undefined || isText ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return { body: JSON.parse(text), etag: response.headers.get('etag') };
  }

  // Files a dossier whose fee is owed; its id and code, and its payment with the version.
  async function owe(applicant) {
    const [agency, form] = FORMS['CO.D'];
    const { body: known } = await call(applicant, 'GET', '/v1/procedures/CO.D');
    const documents = [];
    for (const { code: component } of known.documents.filter(({ required }) => required)) {
      const { body } = await call(applicant, 'POST', '/v1/documents', `%PDF-1.7 ${component}`);
      documents.push({ component, document: body.document, file_name: 'a.pdf' });
    }
    const filed = { procedure: 'CO.D', agency, channel: 'online', form, documents };
    const { body: dossier } = await call(applicant, 'POST', '/v1/dossiers', filed);
    for (let tried = 0; ; tried += 1) {
      const payment = await call(applicant, 'GET', `/v1/payments/${dossier.id}`).catch((error) => {
        if (tried === TRIES) throw error;
      });
      if (payment) return { ...dossier, payment };
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  return { call, owe };
}

// Signs in with a token of the development key.
export async function enterWith(page, address, bearer) {
  await page.goto(address);
  await page.locator('#token').fill(bearer);
  await page.locator('main form button.main').click();
  await page.locator('.who span').waitFor();
}
