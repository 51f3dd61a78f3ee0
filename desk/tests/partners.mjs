// Requests to a payment partner that does not work: an operator cancels one and sends it again. The partner is
// a small wallet of the test, and the server is one that takes payments through it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { go, heading, inspect, open, press } from './harness.mjs';
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

describe('a payment partner', () => {
  const mood = { works: false };
  let [folder, asked, served] = [];

  const token = (role, ...more) =>
    execFileSync(
      process.env.PROGRAM,
      ['token', '--data', join(folder, 'data'), '--role', role, ...more],
      { encoding: 'utf8' },
    ).trim();

  // A request with a token; the reply, which must be granted.
  async function call(bearer, method, path, body, headers = {}) {
    const isText = typeof body === 'string';
    const response = await fetch(served.address + path, {
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

  // A payment through the wallet is begun; the request for it fails.
  async function begin() {
    const applicant = token('applicant', '--subject', 'shop');
    const [agency, form] = FORMS['CO.D'];
    const { body: known } = await call(applicant, 'GET', '/v1/procedures/CO.D');
    const documents = [];
    for (const { code: component } of known.documents.filter(({ required }) => required)) {
      const { body } = await call(applicant, 'POST', '/v1/documents', `%PDF-1.7 ${component}`);
      documents.push({ component, document: body.document, file_name: 'a.pdf' });
    }
    const filed = { procedure: 'CO.D', agency, channel: 'online', form, documents };
    const { body: dossier } = await call(applicant, 'POST', '/v1/dossiers', filed);
    const at = `/v1/payments/${dossier.id}`;
    for (let tried = 0; ; tried += 1) {
      const payment = await call(applicant, 'GET', at).catch((error) => {
        if (tried === TRIES) throw error;
      });
      if (payment) {
        const headers = { 'If-Match': payment.etag };
        await call(applicant, 'POST', `${at}/attempts`, { provider: 'wallet' }, headers);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'desk-'));
    asked = await wallet(mood);
    const [files, secrets] = [join(folder, 'partners'), join(folder, 'secrets')];
    for (const one of [files, secrets]) mkdirSync(one);
    writeFileSync(join(files, 'wallet.yaml'), partner(asked.port));
    writeFileSync(join(secrets, 'wallet'), 'wallet secret');
    const flags = ['--partners', files, '--partner-secrets', secrets];
    served = await serve(folder, [...flags, '--public-url', 'https://dossier.example']);
    await begin();
  });

  after(() => {
    served?.end();
    asked?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('an operator cancels a request that fails, and sends it again once the partner works', () =>
    open({ language: 'en', expected: [/404/] }, async (page) => {
      await page.goto(`${served.address}/#/partners`);
      await page.getByLabel('Token').fill(token('operator', '--subject', 'op'));
      await page.getByRole('button', { name: 'Sign in' }).last().click();
      await heading(page, 'Requests to partners');
      // A partner that does not exist, and the one that the process names.
      await page.getByLabel('Name of the partner').fill('nobody');
      await press(page, 'Show');
      await page.getByRole('alert').waitFor();
      const names = page.locator('#partners option');
      assert.deepEqual(await names.evaluateAll((all) => all.map(({ value }) => value)), ['wallet']);
      await page.getByLabel('Name of the partner').fill('wallet');
      await press(page, 'Show');
      const row = page.locator('.rows > li', { hasText: 'Begin a payment' });
      await row.getByText('result: status 500').waitFor();
      await row.getByText('waits', { exact: true }).waitFor();
      await inspect(page, 'partner-requests');
      await row.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('The request was cancelled.').waitFor();
      await row.getByText('cancelled', { exact: true }).waitFor();
      mood.works = true;
      await row.getByRole('button', { name: 'Send again' }).click();
      await page.getByText('The request is sent again.').waitFor();
      for (let tried = 0; !(await row.getByText('answered', { exact: true }).count()); tried += 1) {
        assert.ok(tried < TRIES, await row.textContent());
        await press(page, 'Show');
        await page.waitForTimeout(250);
        await page.evaluate(() => dispatchEvent(new Event('outdated')));
      }
      await inspect(page, 'partner-answered');
    }));
});
