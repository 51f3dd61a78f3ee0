// Payment orders: an applicant pays several dossiers at once, a representative does so for a client, and a cashier looks
// into an order, its reversals and its refunds, and money that is not its sum.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, heading, inspect, open, PHONE, press } from './harness.mjs';
import { call, file, report, step, until } from './world.mjs';

const CLIENT = 'company-1';

// Dossiers whose fee of 30,000 VND is owed.
async function owing(count) {
  const filed = [];
  for (let at = 0; at < count; at += 1) filed.push(await file('CO.D'));
  for (const { id } of filed) await until(CLIENT, `/v1/payments/${id}`, () => true);
  return filed;
}

const ordered = async (dossiers) => {
  const body = { dossiers: dossiers.map(({ id }) => id), provider: 'sandbox' };
  return (await call(CLIENT, 'POST', '/v1/payment-orders', body)).body;
};

const settled = (filed) =>
  Promise.all(filed.map(({ id }) => until(CLIENT, `/v1/payments/${id}`, (one) => one.outstanding_vnd === 0)));

test('an applicant pays three dossiers at once, and what is wrong with one is told at its row', async () => {
  const filed = await owing(3);
  const [first, second, third] = filed;
  await open({ language: 'en', expected: [/4\d\d/, /ERR_FAILED/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, '#/mine');
    await page.getByRole('link', { name: 'Pay several dossiers at once' }).click();
    await heading(page, 'Pay several dossiers at once');
    const row = ({ code }) => page.locator('.work > li', { hasText: code });
    await row(first).getByText('30,000 ₫').waitFor();
    // The choice of a provider comes late: nothing can be typed in its place.
    let release;
    const late = new Promise((resolve) => (release = resolve));
    await page.route('**/providers', (route) => late.then(() => route.continue()));
    await row(first).getByRole('checkbox').check();
    const through = page.locator('#pay-provider');
    await through.waitFor();
    assert.deepEqual([await through.isDisabled(), await through.evaluate((one) => one.tagName)], [true, 'SELECT']);
    release();
    const form = page.getByRole('form', { name: /chosen, in all/ });
    await form.getByText('Choose at least two dossiers').waitFor();
    assert.ok(await form.getByRole('button', { name: /^Pay/ }).isDisabled());
    for (const one of [second, third]) await row(one).getByRole('checkbox').check();
    await form.getByText('3 chosen, in all 90,000 ₫').waitFor();
    await form.locator('summary').click();
    assert.equal(await form.getByRole('row').count(), 4);
    await form.getByRole('row', { name: new RegExp(`${second.code}.*30,000`) }).waitFor();
    await form.getByLabel('Pay through').selectOption('sandbox');
    await inspect(page, 'pay-together');

    // The second one is paid otherwise meanwhile.
    await step(CLIENT, 'payments', second.id, 'attempts', { provider: 'sandbox' });
    await press(page, 'Pay 90,000 ₫ for 3 dossiers');
    await row(second).locator('.errors').waitFor();
    assert.equal(await page.locator('.work .errors').count(), 1);
    assert.equal(await row(second).getByRole('checkbox').getAttribute('aria-invalid'), 'true');
    await inspect(page, 'pay-together-findings');
    await row(second).getByRole('checkbox').uncheck();

    // The server is away; nothing that was chosen is lost.
    const orders = '**/v1/payment-orders';
    await page.route(orders, (route) => route.abort());
    await press(page, 'Pay 60,000 ₫ for 2 dossiers');
    await page.getByText('The server cannot be reached').waitFor();
    await page.unroute(orders);
    await form.getByText('2 chosen, in all 60,000 ₫').waitFor();
    await press(page, 'Pay 60,000 ₫ for 2 dossiers');

    await heading(page, 'Payment order');
    await page.getByText('to be paid').waitFor();
    await page.getByRole('region', { name: 'Sandbox bank' }).getByText('60,000 ₫').waitFor();
    await inspect(page, 'order-open');
    const address = await page.evaluate(() => location.hash);
    // A part is not paid by itself: its page leads to the order.
    await page.getByRole('link', { name: first.code }).click();
    await page.getByRole('link', { name: 'part of a payment order' }).waitFor();
    assert.equal(await page.getByRole('region', { name: 'Sandbox bank' }).count(), 0);
    await page.getByRole('link', { name: 'part of a payment order' }).click();
    await heading(page, 'Payment order');
    assert.equal(await page.evaluate(() => location.hash), address);
    await press(page, 'Pay');
    await page.getByText('60,000 ₫ were paid for 2 dossiers.').waitFor();
    const rows = page.getByRole('region', { name: 'Dossiers' });
    for (const { code } of [first, third]) await rows.getByRole('row', { name: new RegExp(`${code}.*paid`) }).waitFor();
    await inspect(page, 'order-paid');
  });
  await settled([first, third]);
});

test('a representative pays for a client on a phone, cancels, and chooses again', async () => {
  const filed = await owing(2);
  const terms = { representative: 'broker-hai', procedures: ['CO.D'] };
  const { body: mandate } = await call(CLIENT, 'POST', '/v1/mandates', terms);
  await call('broker-hai', 'POST', `/v1/mandates/${mandate.mandate}/acceptance`, {});
  await open({ viewport: PHONE, expected: [/401/] }, async (page) => {
    await enter(page, /Hải Phong/);
    await go(page, '#/clients');
    await page.getByRole('button', { name: /^Nộp phí \d+ hồ sơ của/ }).click();
    await heading(page, 'Nộp phí nhiều hồ sơ cùng lúc');
    const form = page.getByRole('form', { name: /^Đã chọn/ });
    const choose = async () => {
      for (const { code } of filed) {
        const box = page.getByRole('checkbox', { name: `Chọn hồ sơ ${code}` });
        await box.focus();
        await page.keyboard.press('Space');
        assert.ok(await box.isChecked());
      }
      await form.getByLabel('Nộp qua').selectOption('sandbox');
    };
    await choose();
    await inspect(page, 'pay-together');
    await press(page, 'Nộp 60.000 ₫ cho 2 hồ sơ');
    await heading(page, 'Lệnh nộp chung');
    await page.getByText('chờ nộp tiền').waitFor();
    await page.getByText('Nộp cách khác').click();
    await inspect(page, 'order-open');
    await press(page, 'Hủy lệnh nộp chung');
    await page.getByText('đã hủy').waitFor();
    await page.getByRole('link', { name: 'Chọn lại' }).click();
    await heading(page, 'Nộp phí nhiều hồ sơ cùng lúc');
    await choose();
    await press(page, 'Nộp 60.000 ₫ cho 2 hồ sơ');
    await page.getByRole('region', { name: 'Ngân hàng thử nghiệm' }).waitFor();
    await press(page, 'Từ chối');
    await page.locator('.facts').getByText('không thành công').waitFor();
    await inspect(page, 'order-failed');
    await page.getByRole('link', { name: 'Chọn lại' }).click();
    await choose();
    await press(page, 'Nộp 60.000 ₫ cho 2 hồ sơ');
    await page.getByRole('region', { name: 'Ngân hàng thử nghiệm' }).waitFor();
    await press(page, 'Thanh toán');
    await page.getByText('Đã nộp 60.000 ₫ cho 2 hồ sơ.').waitFor();
  });
  await settled(filed);
  await call(CLIENT, 'POST', `/v1/mandates/${mandate.mandate}/revocation`, {});
});

test('a cashier matches money that is not the sum of an order with one of its dossiers', async () => {
  const filed = await owing(2);
  const order = await ordered(filed);
  await report(order.reference, 59_000);
  await open({ language: 'en', expected: [/404/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, '#/money');
    await page.getByRole('link', { name: 'Payment orders' }).click();
    await heading(page, 'Payment orders');
    const doubted = page.locator('.rows > li', { hasText: order.reference });
    await doubted.getByText('59,000 ₫').waitFor();
    await inspect(page, 'orders');
    // A mistyped reference, and none at all.
    const words = page.getByLabel('Reference');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('Enter a reference.').waitFor();
    const last = order.short_reference.endsWith('0') ? '1' : '0';
    await words.fill(order.short_reference.slice(0, -1) + last);
    await page.keyboard.press('Enter');
    await page.getByText('No payment has this reference.').waitFor();
    await inspect(page, 'orders-findings');
    await words.fill(order.short_reference.toLowerCase());
    await page.keyboard.press('Enter');
    await heading(page, 'Payment order');
    const doubts = page.getByRole('region', { name: 'Money that counts for no dossier yet' });
    await doubts.getByText('not the sum of the order').waitFor();
    await doubts.getByRole('button', { name: 'Match' }).click();
    await doubts.getByText('Choose a dossier.').waitFor();
    await inspect(page, 'order-doubted');
    await doubts.getByRole('combobox', { name: 'Dossier that gets 59,000 ₫' }).selectOption(filed[0].id);
    await doubts.getByRole('button', { name: 'Match' }).click();
    const form = page.getByRole('form', { name: 'Match a payment notice' });
    await form.getByLabel('Payment attempt').selectOption({ index: 1 });
    await form.getByLabel('Reason').fill('The bank says it is for this one.');
    await form.getByRole('button', { name: 'Match a payment notice' }).click();
    await page.getByText('Matched.').waitFor();
    await go(page, '#/money/orders');
    await doubted.waitFor({ state: 'detached' });
    await go(page, `#/orders/${order.order}`);
    await page.getByRole('row', { name: new RegExp(`${filed[0].code}.*in doubt`) }).waitFor();
  });
  // The payer sees it too, and is not asked to pay again.
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, `#/orders/${order.order}`);
    await page.getByText('Thu ngân đang kiểm tra; không cần nộp lại.').waitFor();
    await inspect(page, 'order-doubted');
  });
});

test('a cashier sees what was taken back and what is owed back of the dossiers of an order', async () => {
  const filed = await owing(2);
  const order = await ordered(filed);
  await report(order.reference, order.total_vnd);
  await settled(filed);
  const [taken, withdrawn] = filed;
  const reversal = {
    payment: order.members[0].payment,
    amount_vnd: 30_000,
    transaction: `CB-${order.short_reference}`,
    reason: 'Letter of the bank.',
  };
  const { body } = await step('cashier-tuan', 'payments', taken.id, 'reversals', reversal);
  await step('cashier-hoa', 'payments', taken.id, 'entry-approvals', { entry: body.proposed_entry.entry });
  await step(CLIENT, 'dossiers', withdrawn.id, 'withdrawal', {});
  await until('cashier-tuan', `/v1/payments/${withdrawn.id}`, (one) => one.owed_back_vnd === 30_000);
  for (const [language, viewport, texts] of [
    ['en', undefined, [/Taken back: 30,000/, /Owed back: 30,000/]],
    ['vi', PHONE, [/Bị thu hồi: 30\.000/, /Phải trả lại: 30\.000/]],
  ]) {
    await open({ language, ...(viewport && { viewport }) }, async (page) => {
      await enter(page, /Tuấn/);
      await go(page, `#/orders/${order.order}`);
      for (const [at, { code }] of filed.entries()) {
        await page.getByRole('row', { name: new RegExp(code) }).getByText(texts[at]).waitFor();
      }
      await inspect(page, 'order-back');
    });
  }
});
