// A day with more differences than a page has: those that a correction explains are found among all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, heading, inspect, open, PHONE } from './harness.mjs';
import { call } from './world.mjs';

const AGENCY = 'G02.001';
const LINES = 130;

// A book with that many lines of unknown money; each line counts once, however often it is sent.
async function bookOfMany() {
  const { body } = await call('cashier-tuan', 'GET', '/demo');
  const day = new Date(Date.parse(body.now) + 7 * 3_600_000 - 86_400_000).toISOString().slice(0, 10);
  const account = 'sandbox-silent';
  const lines = Array.from({ length: LINES }, (_, at) => ({
    event: `M${String(at).padStart(3, '0')}`,
    kind: 'received',
    amount_vnd: 1_000 + at,
    booked_at: `${day}T09:00:00+07:00`,
    reference: `LOST-${at}`,
  }));
  await call('cashier-tuan', 'POST', '/v1/payment-statements', { account, lines });
  return { id: `${day}_${AGENCY}_${account}`, account };
}

test('differences beyond the first page are read, found by words and explained', async () => {
  const { id, account } = await bookOfMany();
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/money/books/${id}`);
    await heading(page, new RegExp(account));
    await page.getByText('Propose a correction').first().click();
    const form = page.getByRole('form', { name: 'Propose a correction' });
    await form.getByText('0 chosen, at most 100; 100 shown of 100+').waitFor();
    await form.getByLabel(/LOST-3$/).check();
    const find = form.getByLabel('Find among the differences');
    await form.getByRole('button', { name: 'Show more' }).click();
    await form.getByText('1 chosen, at most 100; 130 shown of 130').waitFor();
    await find.fill('lost-129');
    await form.getByText('1 chosen, at most 100; 2 shown of 130').waitFor();
    await form.getByLabel(/LOST-129$/).check();
    await inspect(page, 'correction-of-many');
    await form.getByRole('textbox', { name: 'Reason' }).fill('Returned to the payers.');
    await form.getByRole('button', { name: 'Propose a correction' }).click();
    await page.getByText('The correction was proposed; it waits for a second person.').waitFor();
  });
  const { body } = await call('cashier-tuan', 'GET', `/v1/payment-books/${id}`);
  assert.deepEqual(body.proposed_corrections[0].accepts.sort(), ['line:M003', 'line:M129']);
});

test('no more differences are chosen than a correction takes', async () => {
  const { id } = await bookOfMany();
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Tuấn/);
    await go(page, `#/money/books/${id}`);
    await page.getByText('Đề nghị bút toán điều chỉnh').first().click();
    const form = page.getByRole('form', { name: 'Đề nghị bút toán điều chỉnh' });
    await form.getByRole('button', { name: 'Xem thêm' }).click();
    await form.getByText(/hiện 130 trong 130/).waitFor();
    const boxes = form.getByRole('checkbox');
    await page.evaluate(() =>
      [...document.querySelectorAll('form input[type=checkbox]')].slice(0, 100).reduce(
        (before, box) => before.then(() => box.click()).then(() => new Promise(requestAnimationFrame)),
        Promise.resolve(),
      ),
    );
    await form.getByText(/Đã chọn 100, nhiều nhất 100/).waitFor();
    assert.ok(await boxes.nth(120).isDisabled());
    assert.ok(await boxes.nth(5).isEnabled());
    await inspect(page, 'correction-full');
  });
});
