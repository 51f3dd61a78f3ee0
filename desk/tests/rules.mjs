// Rules of the ministry: findings at their lines, a second signature, differences in words, and what
// would follow before they are signed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { enter, go, heading, inspect, open } from './harness.mjs';
import { shownTime } from './pages.mjs';

const FILE = new URL('../../examples/figures.yaml', import.meta.url);

test('rules are checked with findings at their lines, proposed, and signed by a second person', () =>
  open({ language: 'en', expected: [/422/, /404/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/rules/new');
    await page.getByLabel('Kind').selectOption('figures');
    const text = readFileSync(FILE, 'utf8');
    const area = page.getByLabel('Text');
    await area.fill(
      text.replace('agency: G02.002', 'agency: G99').replace('at_least: 10', 'at_least: 0'),
    );
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
    const counted = page.locator('a.counted').first();
    const number = await counted.textContent();
    await counted.click();
    await page.getByText(new RegExp(`^\\d+ of ${number} dossiers$`)).waitFor();
  }));

test('the next version of a procedure shows in words what it changes', () =>
  open({ language: 'en', expected: [/404/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/rules/procedure/ENERGY.LABEL/2');
    await page.getByRole('link', { name: 'Write the next version' }).click();
    await heading(page, 'Issue rules');
    const area = page.getByLabel('Text');
    await page.waitForFunction(() =>
      document.querySelector('textarea').value.includes('version: 3'),
    );
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

test('a shorter period is tried: who would be late, and whose date would move', () =>
  open({ language: 'en', expected: [/422/, /404/] }, async (page) => {
    await enter(page, /Dũng/);
    await go(page, '#/what-if');
    const form = page.getByRole('form', { name: 'Compute' });
    await form.getByLabel('Procedure').selectOption('CO.D');
    await form.getByLabel('Unit').selectOption('working_hours');
    await form.getByLabel('Period').fill('0');
    await form.getByRole('button', { name: 'Compute' }).click();
    await form.locator('.errors li').first().waitFor();
    await form.getByLabel('Procedure').selectOption('CO.D');
    await form.getByLabel('Period').fill('2');
    await form.getByRole('button', { name: 'Compute' }).click();
    await page.getByRole('heading', { name: /^Outcome for \d+ dossiers$/ }).waitFor();
    const late = page.getByRole('row', { name: /^would be late/ }).locator('td.amount');
    const number = Number(await late.textContent());
    assert.ok(number > 0);
    await page.getByText(new RegExp(`^\\d+ of ${number} dossiers$`)).waitFor();
    const rows = page.getByRole('region', { name: 'Dossiers shown' }).locator('tbody tr');
    assert.equal(await rows.count(), Math.min(number, 50));
    await rows
      .first()
      .getByText(/ late$/)
      .waitFor();
    await inspect(page, 'what-if');
    // Nothing was recorded: the procedure has its period.
    await go(page, '#/rules/procedure/ENERGY.LABEL/2');
    await page.getByRole('link', { name: 'What if' }).click();
    await page.getByText('By version 2 of ENERGY.LABEL').waitFor();
    await page.getByRole('button', { name: 'Compute' }).click();
    await page.getByRole('heading', { name: /^Outcome for \d+ dossiers$/ }).waitFor();
  }));

test('an approver tries a shorter period on the dossiers of the own agency', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Hà/);
    await go(page, '#/figures');
    await page.getByRole('link', { name: 'What if' }).click();
    await heading(page, 'What if');
    const form = page.getByRole('form', { name: 'Compute' });
    await form.getByLabel('Procedure').selectOption('CO.D');
    await form.getByLabel('Unit').selectOption('working_hours');
    await form.getByLabel('Period').fill('2');
    await form.getByRole('button', { name: 'Compute' }).click();
    await page.getByRole('heading', { name: /^Outcome for \d+ dossiers$/ }).waitFor();
    await page.getByText(/^\d+ of \d+ dossiers$/).waitFor();
  }));
