// Dates of a dossier by hand: an appointment is moved with an apology, fixed where the law gives no period, a
// period is extended where its procedure allows it, and a dossier is closed that has no result.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { call, file, issueLike, step, until } from './world.mjs';

const accepted = async (procedure) => {
  const dossier = await file(procedure);
  await step('clerk-lan', 'dossiers', dossier.id, 'acceptance');
  return dossier;
};
const dueOf = async (id) => (await call('clerk-lan', 'GET', `/v1/dossiers/${id}`)).body.due_on;

test('a clerk moves an appointment with an apology, once, and only later', async () => {
  const { id } = await accepted('ENERGY.LABEL');
  const before = await dueOf(id);
  await open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Other actions').click();
    await press(page, 'Move the appointment');
    const form = page.getByRole('form', { name: 'Move the appointment' });
    await form.getByLabel('Reason').fill('The laboratory is closed for a week.');
    await form.getByLabel('New date').fill('2026-11-20T17:00');
    await form.getByRole('button', { name: 'Move the appointment' }).click();
    await form.locator('.wrong').getByLabel('New date').waitFor();
    await form.getByLabel('New date').fill('2026-12-18T17:00');
    await inspect(page, 'move-appointment');
    await form.getByRole('button', { name: 'Move the appointment' }).click();
    await page.getByText('The appointment was moved.').waitFor();
    await page.locator('.facts').getByText('18/12/2026').first().waitFor();
    await page.locator('q').getByText('The laboratory is closed for a week.').first().waitFor();
  });
  assert.ok((await dueOf(id)) > before);
});

test('a date that another authority fixed is recorded where the law gives no period', async () => {
  await issueLike('ENERGY.LABEL', 'ENERGY.INQUIRY', (text) =>
    text.replace(/^ {2}budget:\n(?: {4}.*\n)+/m, '').replace('redatings_max: 1', 'redatings_max: 0'),
  );
  const { id } = await accepted('ENERGY.INQUIRY');
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Ghi ngày hẹn');
    const form = page.getByRole('form', { name: 'Ghi ngày hẹn' });
    await form.getByLabel('Ngày hẹn').fill('2026-12-10T16:00');
    await form.getByLabel('Người ấn định').fill('Bộ Công Thương');
    await form.getByLabel('Căn cứ').fill('Quyết định 12/QĐ-BCT');
    await inspect(page, 'fix-appointment');
    await form.getByRole('button', { name: 'Ghi ngày hẹn' }).click();
    await page.getByText('Đã ghi ngày hẹn.').waitFor();
    await page.locator('.facts').getByText('10/12/2026', { exact: false }).first().waitFor();
  });
  await until('clerk-lan', `/v1/dossiers/${id}`, ({ due_at: at }) => at === '2026-12-10T09:00:00Z');
});

test('an approver extends a period where the procedure allows it, and it is not offered elsewhere', async () => {
  await issueLike('ENERGY.LABEL', 'ENERGY.STUDY', (text) =>
    text.replace(
      'clock:\n',
      'clock:\n  extension: { budget: { amount: 3, unit: working_days }, times: 1, basis: Article 9 }\n',
    ),
  );
  const [usual, long] = [await accepted('ENERGY.LABEL'), await accepted('ENERGY.STUDY')];
  for (const { id } of [usual, long])
    await step('reviewer-minh', 'reviews', id, 'claim', {}, ({ stage }) => stage === 'open');
  const before = await dueOf(long.id);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Hà/);
    await go(page, `#/dossiers/${usual.id}`);
    await page.getByRole('button', { name: 'Hand over' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Extend the period' }).count(), 0);
    await go(page, `#/dossiers/${long.id}`);
    await press(page, 'Extend the period');
    const form = page.getByRole('form', { name: 'Extend the period' });
    await form.getByLabel('Reason').fill('A second test is needed.');
    await inspect(page, 'extend');
    await form.getByRole('button', { name: 'Extend the period' }).click();
    await page.getByText('Extended.').waitFor();
    await page.locator('q').getByText('A second test is needed.').first().waitFor();
  });
  assert.ok((await dueOf(long.id)) > before);
});

test('a clerk closes a dossier whose procedure has no result, and it is not offered elsewhere', async () => {
  const [label, permit] = [await accepted('ENERGY.LABEL'), await accepted('PRECURSOR.IMPORT')];
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${permit.id}`);
    await page.getByText('Other actions').click();
    await page.getByRole('button', { name: 'Withdraw', exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Close without a result' }).count(), 0);
    await go(page, `#/dossiers/${label.id}`);
    await page.getByText('Other actions').click();
    await press(page, 'Close without a result');
    const form = page.getByRole('form', { name: 'Close without a result' });
    await form.getByLabel('Reason').fill('The notice was noted.');
    await form.getByRole('button', { name: 'Close without a result' }).click();
    await page.getByText('Closed.', { exact: true }).waitFor();
    await inspect(page, 'closed');
  });
  await until('clerk-lan', `/v1/dossiers/${label.id}`, ({ stage }) => stage === 'closed');
});

test('an author withdraws an internal note with a reason, and it stays readable', async () => {
  const { id } = await file('ENERGY.LABEL');
  await open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByRole('textbox', { name: 'New note' }).fill('The test report is from 2019.');
    await press(page, 'Add the note');
    await page.locator('blockquote').getByText('The test report is from 2019.').waitFor();
    await press(page, 'Withdraw the note');
    const form = page.getByRole('form', { name: 'Why it is withdrawn' });
    await form.getByLabel('Why it is withdrawn').fill('It is from 2026.');
    await form.getByRole('button', { name: 'Withdraw the note' }).click();
    await page.locator('del').getByText('The test report is from 2019.').waitFor();
    await page.locator('q').getByText('It is from 2026.').waitFor();
    await inspect(page, 'note-withdrawn');

    // Its author alone takes it back.
    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    await page.locator('del').getByText('The test report is from 2019.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Withdraw the note' }).count(), 0);
  });
});
