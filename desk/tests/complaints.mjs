// A complaint handler's day: remarks, assignment, a longer period, publication, duplicates, and what is for
// another agency.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { call, file, step, until } from './world.mjs';

const CONTACT = {
  ...{ agency: 'G02', name: 'Sao Mai', phone: '0912345678' },
  address: '12 Ngô Quyền, Hà Nội',
};
let filed = 0;

// Files complaints about one dossier; returns their ids, the oldest first.
async function complain(number = 1) {
  const { id } = await file('ENERGY.LABEL');
  const found = [];
  for (let n = 0; n < number; n += 1) {
    filed += 1;
    const text = `Nobody answers, ${filed}.`;
    const body = { ...CONTACT, dossier: id, text };
    const { body: reply } = await call('company-1', 'POST', '/v1/complaints', body);
    found.push({ id: reply.complaint, number: reply.number, text });
  }
  return found;
}

const take = async (page, name, fill) => {
  await press(page, name);
  const form = page.getByRole('form', { name, exact: true });
  await fill(form);
  await form.getByRole('button', { name, exact: true }).click();
};

test('a complaint is remarked on, assigned, given a longer period, answered and published', async () => {
  const [{ id, text }] = await complain();
  await open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Yến/);
    await go(page, `#/complaints/${id}`);
    await page.getByText(text).waitFor();
    await take(page, 'Internal note', (form) => form.getByLabel('Note').fill('Called them.'));
    await page.getByText('Noted.').waitFor();
    await page.locator('q').getByText('Called them.').waitFor();
    await take(page, 'Assign', (form) => form.getByLabel('Officer').fill('handler-yen'));
    await page.getByText('Assigned.').waitFor();
    await page.locator('.facts').getByText('handler-yen').waitFor();
    await take(page, 'Classify', (form) =>
      form.getByLabel('Class').selectOption('content_of_rules'),
    );
    await page.getByText('Classified.').waitFor();
    const { body: before } = await call('handler-yen', 'GET', `/v1/complaints/${id}`);
    await take(page, 'Extend the period of the answer', (form) =>
      form.getByLabel('Reason').fill('Another unit has to be asked.'),
    );
    await page.getByText('Extended.').waitFor();
    const longer = ({ due_at: at }) => at > before.due_at;
    await until('handler-yen', `/v1/complaints/${id}`, longer);
    // Once.
    await page
      .getByRole('button', { name: 'Extend the period of the answer' })
      .waitFor({ state: 'detached' });
    await inspect(page, 'complaint-extended');
    await take(page, 'Answer', (form) => form.getByLabel('Answer').fill('The rules say so.'));
    await page.getByText('Answered.').waitFor();
    const publish = page.getByRole('form', { name: 'Publish', exact: true });
    await press(page, 'Publish');
    await publish.getByRole('button', { name: 'Publish' }).click();
    await publish.locator('.errors').waitFor();
    await publish.getByLabel('Text').fill('The answer to a question about the rules.');
    await publish.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published.').waitFor();
    await page.locator('blockquote').getByText('The answer to a question about the rules.').waitFor();
    await inspect(page, 'complaint-published');
  });
  const { body } = await call('handler-yen', 'GET', '/v1/published-answers');
  assert.ok(JSON.stringify(body).includes('The answer to a question about the rules.'));
});

test('a complaint that repeats an earlier one is merged into it, and separated again', async () => {
  const [first, second] = await complain(2);
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Yến/);
    await go(page, `#/complaints/${second.id}`);
    await press(page, 'Nhập vào phản ánh khác');
    const form = page.getByRole('form', { name: 'Nhập vào phản ánh khác' });
    const earlier = form.getByLabel('Phản ánh trước đó');
    await earlier.locator(`option[value="${first.id}"]`).waitFor({ state: 'attached' });
    assert.equal(await earlier.locator(`option[value="${second.id}"]`).count(), 0);
    await earlier.selectOption(first.id);
    await inspect(page, 'merge');
    await form.getByRole('button', { name: 'Nhập vào phản ánh khác' }).click();
    await page.getByText('Đã nhập.').waitFor();
    await page.getByRole('link', { name: 'Phản ánh, kiến nghị' }).waitFor();
    await press(page, 'Tách ra');
    const apart = page.getByRole('form', { name: 'Tách ra' });
    await apart.getByLabel('Lý do').fill('Phản ánh này về việc khác.');
    await apart.getByRole('button', { name: 'Tách ra' }).click();
    await page.getByText('Đã tách.').waitFor();
    await page.getByRole('button', { name: 'Phân loại' }).waitFor();
  });
  await until('handler-yen', `/v1/complaints/${second.id}`, ({ stage }) => stage === 'filed');
});

test("a complaint that is another agency's is forwarded to it", async () => {
  const [{ id }] = await complain();
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Yến/);
    await go(page, `#/complaints/${id}`);
    await take(page, 'Classify', (form) => form.getByLabel('Class').selectOption('not_ours'));
    await page.getByText('Classified.').waitFor();
    await take(page, 'Forward', async (form) => {
      const agency = form.getByLabel('Receiving agency');
      await agency.locator('option[value="H26.14"]').waitFor({ state: 'attached' });
      await agency.selectOption('H26.14');
      await inspect(page, 'forward');
    });
    await page.getByText('Forwarded.').waitFor();
    await inspect(page, 'forwarded');
  });
  const { body } = await call('company-1', 'GET', `/v1/complaints/${id}`);
  assert.equal(body.agency, 'H26.14');
});

test('a complainant rates the answer, and its handler reads the remark', async () => {
  const [{ id }] = await complain();
  await step('handler-yen', 'complaints', id, 'classification', { class: 'conduct_or_delay' });
  await step('handler-yen', 'complaints', id, 'answer', { answer: 'We are sorry.' });
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, `#/complaints/${id}`);
    await take(page, 'Đánh giá câu trả lời', async (form) => {
      await form.getByRole('combobox').selectOption('2');
      await form.getByLabel('Ý kiến').fill('Chưa trả lời đúng câu hỏi.');
      await inspect(page, 'rate-answer');
    });
    await page.getByText('Cảm ơn bạn đã đánh giá câu trả lời.').waitFor();
    // Once for each answer.
    await page.getByRole('button', { name: 'Đánh giá câu trả lời' }).waitFor({ state: 'detached' });
    await page.locator('.facts').getByText('Chưa trả lời đúng câu hỏi.').waitFor();
    await enter(page, /Yến/);
    await go(page, `#/complaints/${id}`);
    await page.locator('.facts').getByText('Chưa trả lời đúng câu hỏi.').waitFor();
    await inspect(page, 'answer-rated');
  });
});
