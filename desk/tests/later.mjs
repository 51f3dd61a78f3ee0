// What is done after days have passed; these tests move the time of the demo. A refund whose provider does not
// answer for a day: the cashier finds out what became of it and records it. A complaint that its handlers
// forgot: the head of the agency finds it and gives it to another one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { call, file, step, until } from './world.mjs';

const DAY_MS = 86_400_000;

async function pass(ms) {
  const { body: demo } = await call('cashier-tuan', 'GET', '/demo');
  const now = new Date(Date.parse(demo.now) + ms).toISOString();
  await call('cashier-tuan', 'POST', '/demo/time', { now });
}

// A dossier whose fee was paid twice, and whose refund its silent provider was asked for.
async function sent() {
  const { id } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const { body } = await step('company-1', 'payments', id, 'attempts', { provider: 'sandbox-silent' });
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 30_000 });
  const [{ reference, payment }] = body.attempts;
  const { body: demo } = await call('cashier-tuan', 'GET', '/demo');
  const line = { event: `R${id}`, kind: 'received', amount_vnd: 30_000, booked_at: demo.now, reference };
  await call('cashier-tuan', 'POST', '/v1/payment-statements', { account: 'sandbox-silent', lines: [line] });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.owed_back_vnd === 30_000);
  const refund = { payment, amount_vnd: 30_000, reason: 'Paid twice.' };
  await step('cashier-tuan', 'payments', id, 'refund-requests', refund);
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.on_its_way_vnd === 30_000);
  return id;
}

test('after a day the cashier records that the money went back, or that it did not', async () => {
  const [returned, refused] = [await sent(), await sent()];
  await pass(DAY_MS + 60_000);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${returned}`);
    await page.getByText('Other actions').click();
    await press(page, 'Record the outcome of a refund');
    const form = page.getByRole('form', { name: 'Record the outcome of a refund' });
    await form.getByRole('combobox').nth(0).selectOption({ index: 1 });
    await form.getByRole('combobox').nth(1).selectOption('refunded');
    await form.getByLabel('Transaction').fill('RF-77');
    await form.getByLabel('Reason').fill('The portal of the provider shows it.');
    await inspect(page, 'end-refund-returned');
    await form.getByRole('button', { name: 'Record the outcome of a refund' }).click();
    await page.getByText('The outcome of the refund was recorded.').waitFor();
    await page.getByText('RF-77').first().waitFor();
    await page
      .getByRole('button', { name: 'Record the outcome of a refund' })
      .waitFor({ state: 'detached' });
    await inspect(page, 'refund-returned');
  });
  await until(
    'cashier-tuan',
    `/v1/payments/${returned}`,
    (one) => one.refunded_vnd === 30_000 && one.on_its_way_vnd === 0 && one.owed_back_vnd === 0,
  );

  // What was refused is owed back again, and can be returned in another way.
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${refused}`);
    await page.getByText('Thao tác khác').click();
    await press(page, 'Ghi kết quả hoàn tiền');
    const form = page.getByRole('form', { name: 'Ghi kết quả hoàn tiền' });
    await form.getByRole('combobox').nth(0).selectOption({ index: 1 });
    await form.getByRole('combobox').nth(1).selectOption('refused');
    await form.getByLabel('Lý do').fill('Tài khoản đã đóng.');
    await form.getByRole('button', { name: 'Ghi kết quả hoàn tiền' }).click();
    await page.getByText('Đã ghi kết quả hoàn tiền.').waitFor();
    await press(page, 'Hoàn tiền');
    const refund = page.getByRole('form', { name: 'Hoàn tiền', exact: true });
    await refund.getByLabel('Lý do').fill('Trả tiền mặt.');
    await refund.getByRole('button', { name: 'Hoàn tiền', exact: true }).click();
    await page.getByText('đã hoàn tiền', { exact: true }).waitFor();
    await inspect(page, 'refund-in-another-way');
  });
  await until('cashier-tuan', `/v1/payments/${refused}`, (one) => one.owed_back_vnd === 0);
});

test('the head of an agency finds an overdue complaint and gives it to another handler', async () => {
  const contact = { name: 'Sao Mai', phone: '0912345678', address: '12 Ngô Quyền, Hà Nội' };
  const complaint = { agency: 'G02', text: 'Nobody answers for weeks.', ...contact };
  const { body: filed } = await call('company-1', 'POST', '/v1/complaints', complaint);
  await step('handler-yen', 'complaints', filed.complaint, 'assignment', { officer: 'handler-yen' });
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Hà/);
    await go(page, '#/complaints');
    await page.getByText('Overdue complaints, which the head of the agency').waitFor();
    // It is in time, and a matter of its handlers.
    assert.equal(await page.getByRole('link', { name: filed.number }).count(), 0);
  });
  await pass(14 * DAY_MS);
  await until('handler-yen', `/v1/complaints/${filed.complaint}`, ({ overdue }) => overdue);
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Hà/);
    await go(page, '#/complaints');
    await page.getByRole('link', { name: filed.number }).waitFor();
    await inspect(page, 'complaints-escalated');
    await page.getByRole('link', { name: filed.number }).click();
    await page.locator('.facts').getByText('handler-yen').waitFor();
    // What the complainant wrote is for those who answer it.
    assert.equal(await page.getByText('Nobody answers for weeks.').count(), 0);
    await press(page, 'Phân công');
    const form = page.getByRole('form', { name: 'Phân công', exact: true });
    await form.getByLabel('Cán bộ').fill('handler-two');
    await inspect(page, 'complaint-escalated');
    await form.getByRole('button', { name: 'Phân công', exact: true }).click();
    await page.getByText('Đã phân công.').waitFor();
    await page.locator('.facts').getByText('handler-two').waitFor();
  });
});
