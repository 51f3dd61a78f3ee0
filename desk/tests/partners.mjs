// The page of payment partners and of requests to them: the partner is a small wallet of the test.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { heading, inspect, open, PHONE, press } from './harness.mjs';
import { enterWith, openWorld } from './partner-world.mjs';

const TRIES = 60;

describe('a payment partner', () => {
  const mood = { works: false };
  let world;

  before(async () => {
    world = await openWorld(mood);
    const applicant = world.token('applicant', '--subject', 'shop');
    const { id, payment } = await world.owe(applicant);
    // The request that begins it fails.
    const headers = { 'If-Match': payment.etag };
    await world.call(applicant, 'POST', `/v1/payments/${id}/attempts`, { provider: 'wallet' }, headers);
  });

  after(() => world?.end());

  test('an operator cancels a request that fails, and sends it again once the partner works', () =>
    open({ language: 'en', expected: [/404/] }, async (page) => {
      await enterWith(page, `${world.address}/#/partners`, world.token('operator', '--subject', 'op'));
      await heading(page, 'Requests to partners');
      const listed = page.getByRole('region', { name: 'Partners' });
      const waiting = listed.getByRole('row', { name: /wallet/ });
      // The name, the breaker, and one request that waits.
      assert.equal(await waiting.getByRole('cell').nth(1).textContent(), '1');
      assert.match(await waiting.getByRole('cell').nth(2).textContent(), /\d/);
      await listed.getByRole('row', { name: /bank-transfer/ }).getByText('yes').waitFor();
      await inspect(page, 'partners-list');
      // A partner that does not exist, and the one that the process names.
      await page.getByLabel('Name of the partner').fill('nobody');
      await press(page, 'Show');
      await page.getByRole('alert').waitFor();
      const names = page.locator('#partners option');
      assert.deepEqual(await names.evaluateAll((all) => all.map(({ value }) => value)), ['bank-transfer', 'wallet']);
      await listed.getByRole('button', { name: 'wallet' }).click();
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

  test('the list of partners fits a phone in Vietnamese', () =>
    open({ viewport: PHONE }, async (page) => {
      await enterWith(page, `${world.address}/#/partners`, world.token('operator', '--subject', 'op'));
      await page.getByRole('region', { name: 'Các đối tác' }).getByText('wallet').waitFor();
      await inspect(page, 'partners-list');
    }));
});
