// An engineer of a firm has changes sent to an address, follows what became of them, sends them again, and replaces the
// secret; an operator sees all subscribers, and disables one.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { go, heading, inspect, open, PHONE, press } from './harness.mjs';
import { enterWith, openWorld } from './partner-world.mjs';

const TRIES = 120;
const WAIT_MS = 250;

// A receiver that answers as `mood` says, and keeps what it was sent.
function receiver(mood) {
  const got = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const sent = JSON.parse(body);
    got.push({ headers: request.headers, body, sent });
    response.writeHead(mood.status, { 'Content-Type': 'application/json' });
    const { challenge } = sent.data ?? {};
    response.end(JSON.stringify(mood.status === 200 && challenge ? { challenge } : { error: 'out of order' }));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${server.address().port}/changes`;
      resolve({ url, got, close: () => server.close() });
    });
  });
}

// Standard Webhooks, without a library.
function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const right = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return headers['webhook-signature'].split(' ').includes(right);
}

async function eventually(is, what) {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const found = await is();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  return assert.fail(what);
}

describe('subscribers', () => {
  const mood = { status: 500 };
  let world;
  let program;

  before(async () => {
    program = await receiver(mood);
    world = await openWorld({ works: true }, ['--subscriber-http', '--subscriber-network', '127.0.0.0/8']);
  });
  after(() => {
    world?.end();
    program?.close();
  });

  const events = () => program.got.filter(({ sent }) => sent.type !== 'exchange.SubscriberChallenge.v1');

  test('an engineer of a firm adds a subscriber, sees what became of its messages, and sends them again', async () => {
    const engineer = world.token('applicant', '--subject', 'engineer', '--on-behalf-of', '0101234565');
    await open({ language: 'en', expected: [/422/] }, async (page) => {
      await enterWith(page, `${world.address}/#/subscribers`, engineer);
      await heading(page, 'Subscribers');
      const form = page.getByRole('form', { name: 'Add a subscriber' });
      await form.getByLabel('Name').fill('ERP');
      await form.getByLabel('Address').fill('ftp://erp.example');
      await form.getByLabel('Kinds of events').fill('payment.*\nnothing');
      await form.getByRole('button', { name: 'Add a subscriber' }).click();
      await form.locator('.wrong').getByLabel('Address').waitFor();
      await inspect(page, 'subscribers-findings');
      await form.getByLabel('Address').fill(program.url);
      await form.getByRole('button', { name: 'Add a subscriber' }).click();
      await form.locator('.wrong').getByText(/`nothing`/).waitFor();
      assert.equal(await form.getByLabel('Address').inputValue(), program.url);
      await form.getByLabel('Kinds of events').fill('intake.*, payment.*');
      await form.getByRole('button', { name: 'Add a subscriber' }).click();
      const note = page.getByRole('region', { name: 'Secret' });
      await note.getByText('shown nowhere else').waitFor();
      const secret = await note.locator('code').textContent();
      assert.match(secret, /^whsec_/);
      await inspect(page, 'subscribers-added');
      await note.getByRole('link', { name: 'Show it' }).click();
      await heading(page, 'ERP');
      await page.getByText('not verified').waitFor();
      await page.locator('.rows > li', { hasText: 'Challenge' }).or(page.getByText('0 found')).first().waitFor();
      await eventually(() => program.got.length, 'no challenge came');
      await press(page, 'Load the deliveries again');
      await page.locator('.rows > li', { hasText: 'Challenge' }).getByText('sent again later').waitFor();
      await inspect(page, 'subscriber-unverified');
      // The receiver is mended; the page follows by itself.
      mood.status = 200;
      await press(page, 'Send the challenge again');
      await page.locator('.facts').getByText('receives', { exact: true }).waitFor();

      // Its address fails, and works again.
      mood.status = 503;
      await world.owe(engineer);
      await eventually(() => events().length, 'no change came');
      await page.locator('.facts').getByText('fails', { exact: true }).waitFor();
      mood.status = 200;
      const [first] = events();
      assert.ok(isSigned(first, secret));
      const message = first.headers['webhook-id'];
      await eventually(() => events().filter(({ headers }) => headers['webhook-id'] === message).length > 1, 'not repeated');
      await page.locator('.facts').getByText('receives', { exact: true }).waitFor();
      await press(page, 'Load the deliveries again');
      const row = page.locator('.rows > li', { hasText: message });
      await row.getByText('delivered', { exact: true }).waitFor();
      await row.getByText('Tries', { exact: true }).click();
      await row.getByText(/status 503/).first().waitFor();
      await inspect(page, 'subscriber');

      // Replaced, and sent again from this message on, with both signatures.
      await press(page, 'Replace the secret');
      await note.getByText('The secret was replaced.').waitFor();
      const newer = await note.locator('code').textContent();
      assert.notEqual(newer, secret);
      const times = () => events().filter(({ headers }) => headers['webhook-id'] === message);
      const count = times().length;
      await row.getByRole('button', { name: 'Send again from here' }).click();
      await page.getByText('Changes are sent again.').waitFor();
      await eventually(() => times().length > count, 'not sent again');
      const again = times().at(-1);
      assert.ok(isSigned(again, secret) && isSigned(again, newer));

      // From where it is sent again is asked, and told at the fields.
      await page.getByText('Send changes again', { exact: true }).first().click();
      const replay = page.getByRole('form', { name: 'Send changes again' });
      await replay.getByRole('button', { name: 'Send changes again' }).click();
      await replay.getByText('Choose from where.').waitFor();
      await replay.getByLabel('From where').selectOption('cursor');
      await replay.getByLabel('Cursor').fill('x');
      await replay.getByRole('button', { name: 'Send changes again' }).click();
      await replay.locator('.wrong').getByLabel('Cursor').waitFor();
      // What the field tells is not told again beside it.
      const told = await replay.getByRole('alert').textContent();
      assert.match(told, /Fields to change: 1\. They are marked\./);
      assert.doesNotMatch(told, /cursor/);
      await inspect(page, 'subscriber-replay');
      await replay.getByLabel('From where').selectOption('now');
      await replay.getByRole('button', { name: 'Send changes again' }).click();
      await page.getByText('What waited is left out.').waitFor();

      await page.getByText('Change name, address and filters', { exact: true }).first().click();
      const change = page.getByRole('form', { name: 'Change name, address and filters' });
      await change.getByLabel('Name').fill('ERP of the firm');
      await change.getByLabel('Agencies').fill('G02');
      await change.getByRole('button', { name: 'Change name, address and filters' }).click();
      await heading(page, 'ERP of the firm');
      await page.locator('.facts').getByText('G02', { exact: true }).waitFor();
    });
  });

  test('an operator sees all subscribers with their lag, and disables one; its engineer enables and ends it', async () => {
    const operator = world.token('operator', '--subject', 'dung');
    await open({ language: 'en' }, async (page) => {
      await enterWith(page, `${world.address}/#/operation`, operator);
      await page.getByRole('navigation', { name: 'Operation' }).getByRole('link', { name: 'Subscribers' }).click();
      await heading(page, 'Subscribers');
      const rows = page.getByRole('region', { name: 'Subscribers' });
      await rows.getByRole('row', { name: /ERP of the firm .*receives \d+ engineer/ }).waitFor();
      await inspect(page, 'subscribers');
      await rows.getByRole('link', { name: 'ERP of the firm' }).click();
      await heading(page, 'ERP of the firm');
      // The secret is a matter of who subscribed.
      assert.equal(await page.getByRole('button', { name: 'Replace the secret' }).count(), 0);
      await page.getByText('Disable', { exact: true }).first().click();
      await page.getByLabel('Reason').fill('The receiver is overloaded.');
      await press(page, 'Disable');
      await page.locator('.facts').getByText('The receiver is overloaded.').waitFor();
      await go(page, '#/subscribers');
      await page.getByLabel('State').selectOption('active');
      await page.getByText('0 found').waitFor();
      await page.getByLabel('State').selectOption('disabled');
      await rows.getByRole('row', { name: /ERP of the firm .*somebody asked for it/ }).waitFor();
    });
    const engineer = world.token('applicant', '--subject', 'engineer', '--on-behalf-of', '0101234565');
    await open({ viewport: PHONE }, async (page) => {
      await enterWith(page, `${world.address}/#/subscribers`, engineer);
      await heading(page, 'Nơi nhận thay đổi');
      await inspect(page, 'subscribers');
      await page.getByRole('link', { name: 'ERP of the firm' }).click();
      await press(page, 'Bật lại');
      await page.locator('.facts').getByText('đang nhận', { exact: true }).waitFor();
      await inspect(page, 'subscriber');
      await page.getByText('Kết thúc hẳn', { exact: true }).first().click();
      await press(page, 'Kết thúc hẳn');
      await page.locator('.facts').getByText('đã kết thúc', { exact: true }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Thay khóa bí mật' }).count(), 0);
    });
  });
});
