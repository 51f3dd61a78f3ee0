// Steps that the days of the other tests do not have: supplements, refusal, collection at the counter,
// and what cashiers do besides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { call, file, issue, report, step, until } from './world.mjs';

// Fills the form of a step and sends it.
async function take(page, name, fill, done) {
  await press(page, name);
  const form = page.getByRole('form', { name });
  await fill(form);
  await form.getByRole('button', { name }).click();
  await page.getByText(done, { exact: true }).waitFor();
}

test('a clerk requests a supplement, and the applicant reads what is missing', async () => {
  const { id } = await file('ENERGY.LABEL');
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Yêu cầu bổ sung');
    const form = page.getByRole('form', { name: 'Yêu cầu bổ sung' });
    await form.getByRole('checkbox').first().check();
    await form.getByLabel('Lý do').fill('Bản chụp không đọc được.');
    await inspect(page, 'request-supplement');
    await form.getByRole('button', { name: 'Yêu cầu bổ sung' }).click();
    await until('company-1', `/v1/dossiers/${id}`, (one) => one.supplement);
    await enter(page, /Sao Mai/);
    await go(page, `#/mine/${id}`);
    await page.getByText('Bản chụp không đọc được.').first().waitFor();
    await inspect(page, 'supplement-asked');
  });
});

test('a clerk refuses to accept a dossier, with a reason', async () => {
  const { id } = await file('ENERGY.LABEL');
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    const fill = (form) => form.getByLabel('Reason').fill('The lamp needs no label.');
    await take(page, 'Refuse to accept', fill, 'Refused.');
    await inspect(page, 'refused');
  });
  const { body } = await until('company-1', `/v1/dossiers/${id}`, () => true);
  assert.equal(body.stage, 'refused');
});

test('a reviewer finds that a supplement is needed', async () => {
  const { id } = await file('ENERGY.LABEL');
  await step('clerk-lan', 'dossiers', id, 'acceptance');
  await step('reviewer-minh', 'reviews', id, 'claim', {}, ({ stage }) => stage === 'open');
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    await take(
      page,
      'A supplement is needed',
      async (form) => {
        await form.getByRole('checkbox').first().check();
        await form.getByLabel('Reason').fill('The report is of another lamp.');
        await inspect(page, 'need-supplement');
      },
      'The one-stop unit was asked for the supplement.',
    );
  });
  await until('company-1', `/v1/dossiers/${id}`, (one) => one.supplement);
});

test('the delivery is changed to the counter, where the result is handed out', async () => {
  const { id } = await file('CO.D', { delivery: { channel: 'download' } });
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 30_000 });
  await until('clerk-lan', `/v1/dossiers/${id}`, (one) => one.fee_received);
  await issue(id);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Other actions').click();
    await take(
      page,
      'Change the delivery',
      async (form) => {
        await form.getByRole('combobox').first().selectOption('collection');
        await inspect(page, 'change-delivery');
      },
      'The delivery was changed.',
    );
    await take(
      page,
      'Hand out the result',
      (form) => form.getByLabel('Received by').fill('Trần Thị Bình'),
      'The result was handed out.',
    );
    await inspect(page, 'handed-out');
  });
  await until('clerk-lan', `/v1/deliveries/${id}`, ({ stage }) => stage === 'delivered');
});

// A payment of which somebody reports a hundred times the fee.
async function doubted() {
  const { id } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const { body } = await step('company-1', 'payments', id, 'attempts', { provider: 'sandbox' });
  await report(body.attempts[0].reference, 3_000_000);
  await until('cashier-tuan', `/v1/payments/${id}`, ({ attempts }) => attempts[0].doubts.length);
  return { id, payment: body.attempts[0].payment };
}

test('a second cashier rejects the resolution of a discrepancy', async () => {
  const { id, payment } = await doubted();
  const resolution = { payment, captured_vnd: 3_000_000, reason: 'The statement says so.' };
  await step('cashier-tuan', 'payments', id, 'resolutions', resolution);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Hoa/);
    await go(page, `#/dossiers/${id}`);
    const fill = (form) => form.getByLabel('Reason').fill('It says 30,000.');
    await take(page, 'Reject the resolution', fill, 'Rejected.');
    await page.getByText('It says 30,000.').first().waitFor();
    await inspect(page, 'resolution-rejected');
  });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => !one.proposed_resolution);
});

test('money that was paid twice goes back through the provider', async () => {
  const { id } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const { body } = await step('company-1', 'payments', id, 'attempts', { provider: 'sandbox' });
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 30_000 });
  await report(body.attempts[0].reference, 30_000);
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.owed_back_vnd === 30_000);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Other actions').click();
    await take(
      page,
      'Refund through the provider',
      async (form) => {
        await form.getByLabel('Payment attempt').selectOption({ index: 1 });
        await form.getByLabel('Reason').fill('Paid twice.');
        await inspect(page, 'refund-through-provider');
      },
      'The provider is asked to return the money.',
    );
  });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.owed_back_vnd === 0);
});

test('the outcome of a refund is not recorded by a cashier while its provider is still asked', async () => {
  const { id } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const { body } = await step('company-1', 'payments', id, 'attempts', { provider: 'sandbox-silent' });
  await step('cashier-tuan', 'payments', id, 'cash', { amount_vnd: 30_000 });
  const { reference } = body.attempts[0];
  const { body: demo } = await call('cashier-tuan', 'GET', '/demo');
  const line = { event: `S${id}`, kind: 'received', amount_vnd: 30_000, booked_at: demo.now, reference };
  await call('cashier-tuan', 'POST', '/v1/payment-statements', { account: 'sandbox-silent', lines: [line] });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.owed_back_vnd === 30_000);
  const refund = { payment: body.attempts[0].payment, amount_vnd: 30_000, reason: 'Paid twice.' };
  await step('cashier-tuan', 'payments', id, 'refund-requests', refund);
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.on_its_way_vnd === 30_000);
  await open({ viewport: PHONE, expected: [/409/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Thao tác khác').click();
    await press(page, 'Ghi kết quả hoàn tiền');
    const form = page.getByRole('form', { name: 'Ghi kết quả hoàn tiền' });
    const choices = form.getByRole('combobox');
    await choices.nth(0).selectOption({ index: 1 });
    await choices.nth(1).selectOption('refunded');
    await form.getByLabel('Lý do').fill('Ngân hàng đã xác nhận.');
    await inspect(page, 'end-refund');
    await form.getByRole('button', { name: 'Ghi kết quả hoàn tiền' }).click();
    await form.getByText(/^Cổng thanh toán còn đang được hỏi/).waitFor();
  });
  await until('cashier-tuan', `/v1/payments/${id}`, (one) => one.on_its_way_vnd === 30_000);
});
