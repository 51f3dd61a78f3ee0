// A fee that is charged while a dossier is processed: the clerk charges it, the clock waits, the applicant
// reads why and how much, and pays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { file, issueLike, step, until } from './world.mjs';

const LINE = `    - { rule: on-site, kind: phi, name: { vi: Phí thẩm định thực tế, en: On-site appraisal },
        amount: 500000, effective: { from: 2026-01-01 }, further: true, basis: a }
`;

// An accepted dossier whose procedure has a further fee, and whose first fee is paid.
async function accepted() {
  await issueLike('CO.D', 'CO.FURTHER', (text) => text.replace('  lines:\n', `  lines:\n${LINE}`));
  const { id } = await file('CO.FURTHER');
  await until('cashier-tuan', `/v1/payments/${id}`, () => true);
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 30_000 });
  await until('clerk-lan', `/v1/dossiers/${id}`, (one) => one.fee_received);
  await step('clerk-lan', 'dossiers', id, 'acceptance');
  await until('clerk-lan', `/v1/dossiers/${id}`, ({ stage }) => stage === 'processing');
  return id;
}

test('a clerk charges a further fee, and the applicant reads the reason and the amount', async () => {
  const id = await accepted();
  await open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Other actions').click();
    await press(page, 'Charge a further fee');
    const form = page.getByRole('form', { name: 'Charge a further fee' });
    await form.getByRole('combobox').selectOption({ label: 'On-site appraisal' });
    // The reason is required, and what was chosen stays.
    await form.getByRole('button', { name: 'Charge a further fee' }).click();
    await form.locator('.wrong').getByLabel('Reason').waitFor();
    await form.getByLabel('Reason').fill('The stock has to be seen.');
    await inspect(page, 'further-fee');
    await form.getByRole('button', { name: 'Charge a further fee' }).click();
    await page.getByText('The further fee was charged.').waitFor();
    await page.getByText('The stock has to be seen.').first().waitFor();
    // Each further fee is charged once.
    await page.getByRole('button', { name: 'Charge a further fee' }).waitFor({ state: 'detached' });
    await inspect(page, 'further-fee-charged');
  });
  const { body } = await until('company-1', `/v1/payments/${id}`, (one) => one.outstanding_vnd > 0);
  assert.equal(body.outstanding_vnd, 500_000);
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, `#/mine/${id}`);
    await page.getByText('The stock has to be seen.').first().waitFor();
    await page.getByText('500.000 ₫').first().waitFor();
    await page.getByText('Phí thẩm định thực tế').first().waitFor();
    await page.getByRole('button', { name: 'Thanh toán trực tuyến' }).waitFor();
    await inspect(page, 'further-fee-owed');
  });
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 500_000 });
  await until('company-1', `/v1/payments/${id}`, (one) => one.outstanding_vnd === 0);
});
