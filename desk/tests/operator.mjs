// The day of an operator: outages, the directory, unmatched notices, and the state of the system.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS, enter, go, inspect, open, press } from './harness.mjs';
import { BOTH, inspectAll, shownTime } from './pages.mjs';

test('an outage is declared, and what it moved is shown', () =>
  open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/outages');
    await page.getByText('Declare an outage').first().click();
    const form = page.getByRole('form', { name: 'Declare an outage' });
    await form.getByRole('button', { name: 'Declare an outage' }).click();
    await form.locator('.errors li').first().waitFor();
    const now = Date.parse(await shownTime(page));
    const at = (minutes) =>
      new Date(now + 7 * 3_600_000 + minutes * 60_000).toISOString().slice(0, 16);
    await form.getByLabel('Agency').selectOption('G02.001');
    await form.getByLabel('Begin').fill(at(-180));
    await form.getByLabel('End').fill(at(-60));
    await form.getByLabel('Announced at').fill(at(-170));
    await form.getByLabel('Reason').fill('Power cut');
    // What it would move is seen first, and nothing is recorded by that.
    const preview = form.getByRole('button', { name: 'Show what it would move' });
    await form.getByLabel('End').fill(at(-200));
    await preview.click();
    await form.locator('.wrong').getByLabel('End').waitFor();
    await form.getByLabel('End').fill(at(-60));
    await preview.click();
    const would = page.getByRole('region', { name: 'What it would move; nothing was recorded' });
    await would.getByRole('heading', { name: /^Outcome for \d+ dossiers$/ }).waitFor();
    await would.getByText(/^\d+ of \d+ dossiers$/).waitFor();
    const later = would.getByRole('row', { name: /^later date/ }).locator('td.amount');
    const moved = Number(await later.textContent());
    await inspect(page, 'outage-preview');
    assert.equal(await page.locator('.rows').getByText(/Power cut/).count(), 0);
    await form.getByRole('button', { name: 'Declare an outage' }).click();
    const after = page.getByRole('heading', { name: /promised dates? moved/ });
    await after.waitFor();
    assert.equal(Number(/^\d+/.exec(await after.textContent())[0]), moved);
    await page
      .locator('.rows')
      .getByText('Power cut', { exact: true })
      .or(page.getByText(/^G02\.001 Power cut/))
      .first()
      .waitFor();
    await inspect(page, 'outages');
  }));

test('units, officers and an absence with its deputy are recorded', () =>
  open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/people?agency=Z99.NL');
    const today = (await shownTime(page)).slice(0, 10);
    const record = async (title, fill) => {
      const summary = page.locator('summary', { hasText: title });
      const form = page.getByRole('form', { name: title, exact: true });
      await summary.waitFor();
      if (!(await form.isVisible())) await summary.click();
      await fill(form);
      await form.getByRole('button', { name: title }).click();
    };
    await record('Record a unit', (form) => form.getByLabel('Name').fill('Permits'));
    await page.locator('.errors li').first().waitFor();
    await record('Record a unit', async (form) => {
      await form.getByLabel('Code of the unit').fill('permits');
      await form.getByLabel('First day').fill(today);
    });
    await page.locator('.rows').getByText('Permits').first().waitFor();
    for (const [account, name] of [
      ['jan', 'Jan de Vries'],
      ['els', 'Els Bakker'],
    ]) {
      await record('Record an officer', async (form) => {
        await form.getByLabel('Account').fill(account);
        await form.getByLabel('Name').fill(name);
        await form.getByLabel('Code of the unit').selectOption('permits');
        await form.getByLabel('First day').fill(today);
        await form.getByLabel('Reviewer').check();
      });
      await page.locator('.rows').getByText(name).first().waitFor();
    }
    await record('Record an absence', async (form) => {
      await form.getByLabel('Officer').selectOption('jan');
      await form.getByLabel('First day').fill('2026-12-07');
      await form.getByLabel('Last day').fill('2026-12-11');
      await form.getByLabel('Deputy').selectOption('els');
    });
    await page.getByText('deputy: Els Bakker').waitFor();
    await inspect(page, 'people');
    await page.getByText('End or cancel').first().click();
    await page.getByRole('button', { name: 'End or cancel' }).click();
    await page.getByText('deputy: Els Bakker').waitFor({ state: 'detached' });
  }));

test('an unmatched notice of a provider is listed', () =>
  open({ language: 'en' }, async (page) => {
    const post = async (path, body, token) => {
      const headers = {
        'Content-Type': 'application/json',
        'Idempotency-Key': `${path}-unmatched`,
      };
      if (token) headers.Authorization = `Bearer ${token}`;
      const response = await fetch(ADDRESS + path, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      assert.ok(response.ok, await response.clone().text());
      return response.json();
    };
    const { token } = await post('/demo/sign-ins', { person: 'sandbox' });
    const notice = {
      provider: 'sandbox',
      event: 'lost-1',
      kind: 'captured',
      reference: 'NOBODY-1',
      amount_vnd: 50_000,
    };
    await post('/v1/payment-notices', notice, token);
    await enter(page, /Dũng/);
    await go(page, '#/notices');
    await page.getByText('NOBODY-1').waitFor();
    await inspect(page, 'notices');
  }));

test('a dead letter is shown with its reason and age, and retried', () =>
  open({ language: 'en', expected: [/404/, /503/] }, async (page) => {
    const letter = {
      service: 'review',
      position: 12,
      kind: 'intake.DossierAccepted.v1',
      stream: 'intake-1',
      reason: 'the law for this dossier is not loaded',
      given_up_at: '2026-11-20T02:00:00Z',
    };
    const letters = '**/v1/dead-letters';
    // A reaction gives up after a day only.
    await page.route(letters, (route) => route.fulfill({ json: [letter] }));
    await enter(page, /Dũng/);
    await go(page, '#/operation');
    await page.getByText(letter.reason).waitFor();
    await page.getByText(/given up at 20\/11\/2026/).waitFor();
    await inspect(page, 'dead-letters');
    // The server knows no such letter.
    await press(page, 'Retry');
    await page.getByRole('alert').waitFor();
    const retry = `${letters}/review/12/retry`;
    await page.route(retry, async (route) => {
      assert.ok(route.request().headers()['idempotency-key']);
      await page.route(letters, (next) => next.fulfill({ json: [] }));
      await route.fulfill({ json: { service: 'review', position: 12 } });
    });
    await press(page, 'Retry');
    await page.getByText('The retry was requested and recorded.').waitFor();
    await page.getByText(letter.reason).waitFor({ state: 'detached' });
    // The quotas of the tests, see `cargo xtask desk`.
    await page.getByText(/100,000 in 1 min/).waitFor();
    // Behind a gateway, the operations of a process are not at this address.
    await page.route(letters, (route) => route.fulfill({ status: 404, json: {} }));
    await page.route(`${letters}/*`, (route) =>
      route.request().url().endsWith('/review')
        ? route.fulfill({ json: [letter] })
        : route.fulfill({ status: 404, json: {} }),
    );
    await go(page, '#/outages');
    await go(page, '#/operation');
    await page.getByText(letter.reason).waitFor();
    // A service that is down hides nothing of the others, and is named.
    const down = { status: 503, headers: { 'Retry-After': '60' }, json: { title: 'down', status: 503 } };
    const answers = { review: { json: [letter] }, payment: down };
    await page.route(`${letters}/*`, (route) =>
      route.fulfill(answers[route.request().url().split('/').pop()] ?? { json: [] }),
    );
    await go(page, '#/outages');
    await go(page, '#/operation');
    const silent = page.getByRole('alert').filter({ hasText: 'Could not be asked: payment.' });
    await silent.waitFor();
    await page.getByText(letter.reason).waitFor();
    await inspect(page, 'dead-letters-one-silent');
    answers.payment = { json: [{ ...letter, service: 'payment', reason: 'the fee is not known' }] };
    await silent.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('the fee is not known').waitFor();
    await silent.waitFor({ state: 'detached' });
    await page.route(`${letters}/*`, (route) => route.fulfill({ status: 404, json: {} }));
    await go(page, '#/outages');
    await go(page, '#/operation');
    await page.getByText(/^This address does not show it/).waitFor();
  }));

for (const [language, viewport] of BOTH) {
  test(`an operator sees state, lag and refusals in ${language} at ${viewport.width} pixels`, () =>
    open({ language, viewport }, async (page) => {
      await enter(page, /Dũng/);
      await inspectAll(page, {
        operation: '#/operation',
        'rules-list': '#/rules',
        'rules-version': '#/rules/procedure/CHEM.IMPORT/2',
        'outages-list': '#/outages',
        'people-list': '#/people',
        'what-if-form': '#/what-if',
      });
      await go(page, '#/operation');
      await page
        .getByText(language === 'en' ? /All \d+ followers/ : /tiến trình đều theo kịp/)
        .waitFor();
    }));
}
