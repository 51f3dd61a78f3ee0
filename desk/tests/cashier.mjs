// A cashier's day: cash, a discrepancy with the second signature of a colleague, a refund, a notice that
// belongs to no attempt, and the till.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { file, report, step, until } from './world.mjs';

const started = async (id) => {
  const reply = await step('company-1', 'payments', id, 'attempts', { provider: 'sandbox' });
  return reply.body.attempts.at(-1);
};

test('a cashier takes cash, and the till of the day has it', async () => {
  const { id, code } = await file('CO.D');
  await until('cashier-tuan', `/v1/payments/${id}`, () => true);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Take cash');
    const form = page.getByRole('form', { name: 'Take cash' });
    assert.equal(await form.getByLabel('Amount (VND)').inputValue(), '30000');
    await form.getByRole('button', { name: 'Take cash' }).click();
    await page.getByText('The cash was recorded.').waitFor();
    await go(page, '#/money');
    await page.getByRole('row', { name: new RegExp(`cash ${code}`) }).waitFor();
    await inspect(page, 'money');
  });
});

test('a large discrepancy and its refund are decided on by two cashiers', async () => {
  const { id, code } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const attempt = await started(id);
  // Somebody typed two zeros too many.
  await report(attempt.reference, 3_000_000);
  await until('cashier-tuan', `/v1/payments/${id}`, ({ attempts }) => attempts[0].doubts.length);
  await open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, '#/money');
    await page.getByRole('link', { name: code }).first().click();
    await page.getByText(/In doubt/).waitFor();
    await press(page, 'Resolve the discrepancy');
    const form = page.getByRole('form', { name: 'Resolve the discrepancy' });
    await form.getByLabel('Amount that was received (VND)').fill('3.000.000');
    await form.getByLabel('Reason').fill('The statement of the bank says so.');
    await inspect(page, 'discrepancy');
    await form.getByRole('button', { name: 'Resolve the discrepancy' }).click();
    await page.getByText('Recorded.', { exact: true }).waitFor();
    const resolution = page.getByRole('region', { name: /Proposed resolution/ });
    await resolution.getByText('3,000,000 ₫').waitFor();
    // Nobody approves their own proposal.
    assert.equal(await page.getByRole('button', { name: 'Approve the resolution' }).count(), 0);

    await enter(page, /Hoa/);
    await go(page, `#/dossiers/${id}`);
    await resolution.getByText('The statement of the bank says so.').waitFor();
    await inspect(page, 'second-signature');
    await press(page, 'Approve the resolution');
    await page.getByText('Approved.', { exact: true }).waitFor();
    await resolution.waitFor({ state: 'detached' });
    await page.getByText('discrepancy resolved, counted').waitFor();

    await press(page, 'Refund');
    const refund = page.getByRole('form', { name: 'Refund' });
    assert.equal(await refund.getByLabel('Amount (VND)').inputValue(), '2970000');
    await refund.getByLabel('Reason').fill('Paid a hundred times.');
    await refund.getByRole('button', { name: 'Refund' }).click();
    await page.getByText('The refund was recorded.').waitFor();
    const proposed = page.getByRole('region', { name: /Proposed refund/ });
    await proposed.getByText('Paid a hundred times.').waitFor();

    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Reject the refund');
    const rejection = page.getByRole('form', { name: 'Reject the refund' });
    await rejection.getByLabel('Reason').fill('The account is missing.');
    await rejection.getByRole('button', { name: 'Reject the refund' }).click();
    await page.getByText('Rejected.', { exact: true }).waitFor();
    await page.getByText('proposal rejected').waitFor();

    // It is proposed once more, and approved by the colleague.
    await press(page, 'Refund');
    await refund.getByLabel('Reason').fill('To account 0011.');
    await refund.getByRole('button', { name: 'Refund' }).click();
    await proposed.getByText('To account 0011.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Approve the refund' }).count(), 0);
    await enter(page, /Hoa/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Approve the refund');
    await page.getByText('Approved.', { exact: true }).waitFor();
    await proposed.waitFor({ state: 'detached' });
    await page.getByText('refunded', { exact: true }).waitFor();
  });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.owed_back_vnd === 0);
});

test('money that was paid twice is refunded', async () => {
  const { id } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const attempt = await started(id);
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 30_000 });
  await report(attempt.reference, attempt.amount_vnd);
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.owed_back_vnd === 30_000);
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Hoàn tiền');
    const form = page.getByRole('form', { name: 'Hoàn tiền' });
    await form.getByLabel('Lý do').fill('Nộp hai lần.');
    await form.getByRole('button', { name: 'Hoàn tiền' }).click();
    await page.getByText('đã hoàn tiền', { exact: true }).waitFor();
    await inspect(page, 'refund');
  });
});

test('a notice that names no payment of ours is matched to a dossier', async () => {
  const { id, code } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  await started(id);
  const reference = `LOST-${code.slice(-8)}`;
  await report(reference, 30_000);
  await open({ viewport: PHONE, expected: [/404/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, '#/money');
    const notice = page.locator('.rows > li', { hasText: reference });
    await notice.getByLabel('Mã hồ sơ').fill('sai');
    await notice.getByRole('button', { name: 'Đối khớp' }).click();
    await notice.getByText('Không có hồ sơ với mã này.').waitFor();
    await notice.getByLabel('Mã hồ sơ').fill(code);
    await inspect(page, 'notices');
    await notice.getByRole('button', { name: 'Đối khớp' }).click();
    const form = page.getByRole('form', { name: 'Đối khớp thông báo thanh toán' });
    await form.getByLabel('Lần thanh toán').selectOption({ index: 1 });
    await form.getByLabel('Lý do').fill('Ngân hàng xác nhận qua điện thoại.');
    await inspect(page, 'match');
    await form.getByRole('button', { name: 'Đối khớp thông báo thanh toán' }).click();
    await page.getByText('Đã đối khớp.').waitFor();
  });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.outstanding_vnd === 0);
});
