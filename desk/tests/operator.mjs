// The day of two operators: rules with findings at their lines and a second signature, outages, the
// directory, unmatched notices, and the state of the system.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ADDRESS, enter, go, heading, inspect, open } from './harness.mjs';
import { BOTH, inspectAll } from './pages.mjs';

const FILE = new URL('../../examples/figures.yaml', import.meta.url);

// The time of the demo.
const shownTime = (page) => page.locator('.time-bar time').getAttribute('datetime');

test('rules are checked with findings at their lines, proposed, and signed by a second person', () =>
  open({ language: 'en', expected: [/422/, /404/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/rules/new');
    await page.getByLabel('Kind').selectOption('figures');
    const text = readFileSync(FILE, 'utf8');
    const area = page.getByLabel('Text');
    await area.fill(text.replace('agency: G02.002', 'agency: G99').replace('at_least: 10', 'at_least: 0'));
    await page.getByRole('button', { name: 'Check' }).click();
    const findings = page.getByRole('alert');
    await findings.getByText('2 findings').waitFor();
    await inspect(page, 'rules-findings');
    await findings.getByRole('button', { name: /^Line/ }).first().click();
    const selected = () =>
      area.evaluate((one) => one.value.slice(one.selectionStart, one.selectionEnd));
    assert.match(await selected(), /G99/);
    await area.fill(text);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('figures 1 is valid; nothing was recorded.').waitFor();
    await page.getByRole('button', { name: 'Issue' }).click();
    await page.getByText('figures 1 waits for a second signature.').waitFor();
    await page.getByRole('link', { name: 'Show the version' }).click();
    await page.getByText(/You proposed this version/).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sign', exact: true }).count(), 0);

    await enter(page, /Liên/);
    await go(page, '#/rules');
    const awaiting = page.getByRole('region', { name: 'Waiting for a second signature' });
    await awaiting.getByRole('link', { name: /figures/ }).waitFor();
    await inspect(page, 'rules');
    await awaiting.getByRole('link', { name: /figures/ }).click();
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByText('operator-lien').first().waitFor();

    await enter(page, /Hà/);
    await go(page, '#/figures/targets');
    await page.locator('td.plot .mark').first().waitFor();
    await inspect(page, 'targets');
  }));

test('the next version of a procedure shows in words what it changes', () =>
  open({ language: 'en', expected: [/404/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/rules/procedure/ENERGY.LABEL/2');
    await page.getByRole('link', { name: 'Write the next version' }).click();
    await heading(page, 'Issue rules');
    const area = page.getByLabel('Text');
    await page.waitForFunction(() => document.querySelector('textarea').value.includes('version: 3'));
    const text = await area.inputValue();
    const shorter = text
      .replace('online: { amount: 5', 'online: { amount: 4')
      .replace(/issued: .*/, `issued: ${(await shownTime(page)).slice(0, 10)}`)
      .replace(/effective: .*/, 'effective: { from: 2027-01-01 }');
    await area.fill(shorter);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText(/Open dossiers that it concerns: \d+/).waitFor();
    await page.getByRole('button', { name: 'Issue' }).click();
    await page.getByRole('link', { name: 'Show the version' }).click();
    const row = page.getByRole('row', { name: /period › length › online/ });
    await row.getByText('5 working days').waitFor();
    await row.getByText('4 working days').waitFor();
    await inspect(page, 'rules-words');

    await enter(page, /Liên/);
    await go(page, '#/rules/procedure/ENERGY.LABEL/3');
    await page.getByRole('region', { name: 'Sign' }).getByLabel('Reason').fill('Not agreed');
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByText('rejected', { exact: true }).waitFor();
  }));

test('an outage is declared, and what it moved is shown', () =>
  open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/outages');
    await page.getByText('Declare an outage').first().click();
    const form = page.getByRole('form', { name: 'Declare an outage' });
    await form.getByRole('button', { name: 'Declare an outage' }).click();
    await form.locator('.errors li').first().waitFor();
    const now = Date.parse(await shownTime(page));
    const at = (minutes) => new Date(now + 7 * 3_600_000 + minutes * 60_000).toISOString().slice(0, 16);
    await form.getByLabel('Agency').selectOption('G02.001');
    await form.getByLabel('Begin').fill(at(-180));
    await form.getByLabel('End').fill(at(-60));
    await form.getByLabel('Announced at').fill(at(-170));
    await form.getByLabel('Reason').fill('Power cut');
    await form.getByRole('button', { name: 'Declare an outage' }).click();
    await page.getByRole('heading', { name: /promised dates? moved/ }).waitFor();
    await page.locator('.rows').getByText('Power cut', { exact: true }).or(page.getByText(/^G02\.001 Power cut/)).first().waitFor();
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
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `${path}-unmatched` };
      if (token) headers.Authorization = `Bearer ${token}`;
      const response = await fetch(ADDRESS + path, { method: 'POST', headers, body: JSON.stringify(body) });
      assert.ok(response.ok, await response.clone().text());
      return response.json();
    };
    const { token } = await post('/demo/sign-ins', { person: 'sandbox' });
    const notice = { provider: 'sandbox', event: 'lost-1', kind: 'captured', reference: 'NOBODY-1', amount_vnd: 50_000 };
    await post('/v1/payment-notices', notice, token);
    await enter(page, /Dũng/);
    await go(page, '#/notices');
    await page.getByText('NOBODY-1').waitFor();
    await inspect(page, 'notices');
  }));

test('a dead letter is shown with its reason and the command that retries it', () =>
  open({ language: 'en' }, async (page) => {
    const letter = {
      service: 'review',
      position: 12,
      kind: 'intake.DossierAccepted.v1',
      stream: 'intake-1',
      reason: 'the law for this dossier is not loaded',
    };
    // A reaction gives up after a day only.
    await page.route('**/v1/dead-letters', (route) => route.fulfill({ json: [letter] }));
    await enter(page, /Dũng/);
    await go(page, '#/operation');
    await page.getByText(letter.reason).waitFor();
    await page.getByText(/--replay --service review --position 12/).waitFor();
    await inspect(page, 'dead-letters');
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
      });
      await go(page, '#/operation');
      await page.getByText(language === 'en' ? /All \d+ followers/ : /tiến trình đều theo kịp/).waitFor();
    }));
}
