// Books of accounts: statements line by line and from a list, differences, corrections, and closings by two
// persons.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../citizen/sheet.js';
import { bookedAt, requestOf } from '../books/lines.js';
import { enter, go, heading, inspect, open, PHONE, press } from './harness.mjs';
import { BOTH, inspectAll } from './pages.mjs';
import { call, file, step, until } from './world.mjs';

const DAY_MS = 86_400_000;
const BANK = 'sandbox';
const AGENCY = 'G02.001';

// The local time in Vietnam of an instant, as fields of the browser have it.
const local = (instant) => new Date(instant + 7 * 3_600_000).toISOString().slice(0, 16);
const written = (day) => day.split('-').reverse().join('/');

// The demo's time, and the day before its present one.
async function days() {
  const { body } = await call('cashier-tuan', 'GET', '/demo');
  const now = Date.parse(body.now);
  return { now, today: local(now).slice(0, 10), before: local(now - DAY_MS).slice(0, 10) };
}

const header = ['event', 'kind', 'amount_vnd', 'booked_at', 'memo'];
const list = (rows, name = 'statement.csv') => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(textOf([header, ...rows])),
});

test('times and amounts of a statement are read as people write them', () => {
  assert.equal(bookedAt('20/11/2026 9:05'), '2026-11-20T09:05:00+07:00');
  assert.equal(bookedAt('2026-11-20 10:00:30'), '2026-11-20T10:00:30+07:00');
  assert.equal(bookedAt('1/2/2026'), '2026-02-01T00:00:00+07:00');
  assert.equal(bookedAt('2026-11-20T03:00:00Z'), '2026-11-20T03:00:00Z');
  assert.equal(bookedAt('yesterday'), 'yesterday');
  const line = { event: ' FT1 ', kind: 'received', amount_vnd: '30.000 ₫', booked_at: '20/11/2026', fee_vnd: '1,5' };
  assert.deepEqual(requestOf(line), {
    event: 'FT1',
    kind: 'received',
    amount_vnd: 30_000,
    booked_at: '2026-11-20T00:00:00+07:00',
    fee_vnd: '1,5',
  });
});

test('lines of a statement settle a payment, and what they name nowhere is explained by two persons', async () => {
  const { id } = await file('CO.D');
  await until('company-1', `/v1/payments/${id}`, () => true);
  const { body } = await step('company-1', 'payments', id, 'attempts', { provider: BANK });
  const { reference } = body.attempts[0];
  const { now, today } = await days();
  const stamp = String(Date.now());
  await open({ language: 'en', expected: [/422/, /409/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, '#/money');
    await page.getByRole('link', { name: 'Statements', exact: true }).click();
    await heading(page, 'Statements');
    await page.getByLabel('Account').fill(BANK);
    const add = async (line, button = 'Add this line') => {
      for (const [label, value] of Object.entries(line)) await page.getByLabel(label, { exact: true }).fill(value);
      await press(page, button);
    };
    const [name, amount, at] = ['Number at the bank', 'Amount (VND)', 'Booked at'];
    // What a line must have is asked for before it is added.
    await press(page, 'Add this line');
    await page.locator('.wrong').getByLabel(amount).waitFor();
    // With its number: a line without one may be money of the same amount that a cashier has matched by hand
    // with another payment, and would wait for a cashier.
    const ours = { 'Our reference (optional)': reference, 'Transaction (optional)': `T${stamp}` };
    await add({ [name]: `P${stamp}`, [amount]: '30.000', [at]: local(now - 60_000), ...ours });
    await add({ [name]: `U${stamp}`, [amount]: '12345,6', 'Text of the transfer (optional)': 'NGUYEN VAN A nop phi' });
    await page.getByText('2 lines: 30,000 ₫ came in, 0 ₫ went out').waitFor();
    await press(page, 'Send the statement');
    const refused = page.locator('tr.refused', { hasText: `U${stamp}` });
    await refused.getByText(/^Amount \(VND\): /).waitFor();
    await inspect(page, 'statement-findings');
    await press(page, `Change U${stamp}`);
    await add({ [amount]: '12.345' }, 'Save this line');
    await page.getByText('2 lines: 42,345 ₫ came in, 0 ₫ went out').waitFor();
    await press(page, 'Send the statement');
    const recorded = page.getByRole('region', { name: 'Recorded' }).first();
    await recorded.getByText('42,345 ₫').waitFor();
    await inspect(page, 'statement');
    await until('company-1', `/v1/payments/${id}`, (one) => one.outstanding_vnd === 0);

    await recorded.getByRole('link', { name: written(today) }).click();
    await heading(page, `${BANK} · ${written(today)}`);
    const differences = page.getByRole('region', { name: 'Differences' });
    const unknown = differences.getByRole('row', { name: /Money of no known payment/ });
    await unknown.filter({ hasText: `U${stamp}` }).getByText('12,345 ₫').waitFor();
    await page.getByText('NGUYEN VAN A nop phi').first().waitFor();
    await inspect(page, 'book');
    // The day is not over.
    const closing = page.getByRole('form', { name: 'Propose the closing' });
    await closing.getByLabel('Reason of the differences').fill('Asked the bank.');
    await closing.getByRole('button').click();
    await closing.getByRole('alert').waitFor();

    await page.getByText('Propose a correction').first().click();
    const correction = page.getByRole('form', { name: 'Propose a correction' });
    await correction.getByLabel(new RegExp(`12,345 ₫ · U${stamp}`)).check();
    await correction.getByRole('textbox', { name: 'Reason' }).fill('Returned to the payer at the counter.');
    await inspect(page, 'correction');
    await correction.getByRole('button', { name: 'Propose a correction' }).click();
    await page.getByText('The correction was proposed; it waits for a second person.').waitFor();
    const proposed = page.getByRole('region', { name: 'Correction, waits for a second person' });
    await proposed.getByText('Returned to the payer at the counter.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Enter the correction' }).count(), 0);

    const address = await page.evaluate(() => location.hash);
    await enter(page, /Hoa/);
    await go(page, address);
    await proposed.getByText(/12,345 ₫/).waitFor();
    await inspect(page, 'correction-second');
    await press(page, 'Enter the correction');
    await page.getByText('The correction was entered.').waitFor();
    await unknown.filter({ hasText: `U${stamp}` }).waitFor({ state: 'detached' });
    await page.getByText(/entered by cashier-hoa, proposed by cashier-tuan/).waitFor();
  });
});

test('a list of lines is sent, and the book of the day before is closed by two persons', async () => {
  const { before } = await days();
  const stamp = String(Date.now());
  const rows = [
    [`A${stamp}`, 'received', '1.250.000', `${written(before)} 09:30`, 'Cong ty Sao Mai nop phi'],
    [`B${stamp}`, 'charge', '1.100', `${written(before)} 23:00`, 'Phi dich vu'],
  ];
  const book = `#/money/books/${before}_${AGENCY}_${BANK}`;
  await open({ viewport: PHONE, expected: [/422/, /409/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, '#/money/statements');
    await page.getByLabel('Tài khoản').fill(BANK);
    const chosen = page.getByLabel('Danh sách các dòng (CSV)');
    await chosen.setInputFiles({ ...list([]), buffer: Buffer.from('event,colour\na,red\n') });
    await page.getByText('Cột không xác định: colour.').waitFor();
    await chosen.setInputFiles({ ...list([]), buffer: Buffer.from('event,kind\na,received\n') });
    await page.getByText('Thiếu cột: amount_vnd, booked_at.').waitFor();
    await chosen.setInputFiles(list(rows));
    await page.getByText('2 dòng: vào 1.250.000 ₫, ra 1.100 ₫').waitFor();
    await inspect(page, 'statement-list');
    await press(page, 'Gửi sao kê');
    await page.getByRole('region', { name: 'Đã ghi nhận' }).first().getByText('1.250.000 ₫').waitFor();

    await go(page, book);
    await heading(page, `${BANK} · ${written(before)}`);
    await page.getByRole('region', { name: 'Cộng sổ' }).getByText('1.250.000 ₫').waitFor();
    const propose = page.getByRole('form', { name: 'Đề nghị khóa sổ' });
    await propose.getByRole('button').click();
    await propose.locator('.wrong').getByLabel('Lý do có chênh lệch').waitFor();
    await propose.getByLabel('Lý do có chênh lệch').fill('Chờ ngân hàng xác nhận.');
    await inspect(page, 'closing');
    await propose.getByRole('button').click();
    await page.getByText('Đã đề nghị khóa sổ; chờ người thứ hai.').waitFor();
    await page.getByText('Đề nghị này của chính anh/chị').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Phê duyệt khóa sổ' }).count(), 0);

    await enter(page, /Hoa/);
    await go(page, '#/money/books?stage=proposed');
    await page.getByRole('link', { name: `${BANK} · ${written(before)}` }).click();
    await page.getByText('Chờ ngân hàng xác nhận.').waitFor();
    await inspect(page, 'closing-second');
    await page.getByText('Trả lại đề nghị khóa sổ').first().click();
    const reject = page.getByRole('form', { name: 'Trả lại đề nghị khóa sổ' });
    await reject.getByLabel('Lý do').fill('Hỏi lại ngân hàng.');
    await reject.getByRole('button').click();
    await page.getByText('Đã trả lại đề nghị.').waitFor();
    await page.getByText('Hỏi lại ngân hàng.').waitFor();

    // This time Ms Hoa proposes, and Mr Tuấn approves.
    await propose.getByLabel('Lý do có chênh lệch').fill('Ngân hàng đã xác nhận.');
    await propose.getByRole('button').click();
    await page.getByText('Đã đề nghị khóa sổ; chờ người thứ hai.').waitFor();
    await enter(page, /Tuấn/);
    await go(page, book);
    await press(page, 'Phê duyệt khóa sổ');
    await page.getByText('Đã khóa sổ.', { exact: true }).waitFor();
    await page.getByText('Người phê duyệt').waitFor();
    await inspect(page, 'closed');

    // A closed day takes no further lines, but corrections.
    await go(page, '#/money/statements');
    await page.getByLabel('Tài khoản').fill(BANK);
    await chosen.setInputFiles(list([[`C${stamp}`, 'received', '5000', `${before} 10:00`, '']]));
    await press(page, 'Gửi sao kê');
    await page.getByRole('alert').waitFor();
  });
});

test('a till is closed with the counted cash, and what is missing has a reason', async () => {
  const { before } = await days();
  const id = `${before}_${AGENCY}_cash`;
  const { body: till } = await call('cashier-tuan', 'GET', `/v1/payment-books/${id}`);
  const expected = till.totals.recorded_in_vnd - till.totals.recorded_out_vnd;
  const number = (amount) => new Intl.NumberFormat('en-GB').format(amount);
  await open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, '#/money');
    await page.getByRole('link', { name: 'Count the till and close this day' }).waitFor();
    await page.getByRole('link', { name: 'Books', exact: true }).click();
    await heading(page, 'Books');
    await page.getByLabel('Day').fill(before);
    await press(page, 'Open the book');
    await heading(page, `Till (cash) · ${written(before)}`);
    await page.getByText('There should be').first().waitFor();
    await page.getByText(`${number(expected)} ₫`).first().waitFor();
    const form = page.getByRole('form', { name: 'Propose the closing' });
    await form.getByLabel('Counted cash (VND)').fill(`${number(expected + 5_000)} ₫`);
    await form.getByRole('button').click();
    await form.locator('.wrong').getByLabel('Reason of the differences').waitFor();
    await form.getByLabel('Reason of the differences').fill('Change that a payer did not take.');
    await form.getByRole('button').click();
    await page.getByText('+5,000 ₫').waitFor();
    await enter(page, /Hoa/);
    await go(page, `#/money/books/${id}`);
    await inspect(page, 'till');
    await press(page, 'Approve the closing');
    await page.getByText('The book was closed.').waitFor();
    await page.getByText('Change that a payer did not take.').waitFor();
  });
  const { body } = await call('cashier-tuan', 'GET', `/v1/payment-books/${id}`);
  assert.deepEqual([body.stage, body.closed.difference_vnd], ['closed', 5_000]);
});

for (const [language, viewport] of BOTH) {
  test(`those who look after the books have their pages in ${language} at ${viewport.width} pixels`, () =>
    open({ language, viewport }, async (page) => {
      await enter(page, /Tuấn/);
      await inspectAll(page, {
        'money-differences': '#/money/differences',
        'money-overdue': '#/money/differences?overdue=true',
        'money-books': '#/money/books',
        'money-statements': '#/money/statements',
      });
      for (const [person, name] of [
        [/Hà/, 'approver'],
        [/Dũng/, 'operator'],
        [/Quang/, 'auditor'],
      ]) {
        await enter(page, person);
        await inspectAll(page, { [`books-${name}`]: '#/money/books', [`differences-${name}`]: '#/money/differences' });
      }
      await enter(page, /Dũng/);
      await inspectAll(page, { 'statements-operator': '#/money/statements', partners: '#/partners' });
    }));
}
