// A reviewer's day: an officer of another agency is consulted and answers, a verification on the spot,
// hand-over, assignment by the head of unit, and a proposal that is rejected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { call, examine, file, step, until } from './world.mjs';

const claimed = async (procedure) => {
  const dossier = await file(procedure);
  await step('clerk-lan', 'dossiers', dossier.id, 'acceptance');
  const isOpen = ({ stage }) => stage === 'open';
  await step('reviewer-minh', 'reviews', dossier.id, 'claim', {}, isOpen);
  return dossier;
};

test('another agency is consulted, answers on its own page, and the reviewer reads the answer', async () => {
  const { id } = await claimed('PRECURSOR.IMPORT');
  await open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Consult another agency');
    const form = page.getByRole('form', { name: 'Consult another agency' });
    const agency = form.getByLabel('Consulted agency');
    await agency.locator('option[value="G02.001"]').waitFor({ state: 'attached' });
    await agency.selectOption('G02.001');
    await form.getByLabel('Question').fill('Is the importer known to you?');
    await inspect(page, 'consult');
    await form.getByRole('button', { name: 'Consult another agency' }).click();
    await page.getByText('The question was sent.').waitFor();
    await page.getByText('not answered yet').waitFor();

    await enter(page, /Long/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Is the importer known to you?').waitFor();
    await press(page, 'Answer the consultation');
    const answer = page.getByRole('form', { name: 'Answer the consultation' });
    await answer.getByLabel('Agrees').selectOption('true');
    await answer.getByLabel('Answer').fill('It has imported without objection since 2020.');
    await inspect(page, 'consultee');
    await answer.getByRole('button', { name: 'Answer the consultation' }).click();
    await page.getByText('Answered.').waitFor();

    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('It has imported without objection since 2020.').waitFor();
    await page.getByText('Agrees', { exact: true }).waitFor();
  });
});

test('a verification on the spot is recorded and shown beside the evidence', async () => {
  const { id } = await claimed('PRECURSOR.IMPORT');
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    // It lies in the past: half an hour of the hour that passes now.
    const from = await page.evaluate(() => fetch('/demo').then((reply) => reply.json()));
    const local = (minutes) =>
      new Date(Date.parse(from.now) + (7 * 60 + minutes) * 60_000).toISOString().slice(0, 16);
    await press(page, '+1 giờ');
    await press(page, 'Ghi kết quả kiểm tra thực tế');
    const form = page.getByRole('form', { name: 'Ghi kết quả kiểm tra thực tế' });
    await form.getByLabel('Từ').fill(local(5));
    await form.getByLabel('Đến').fill(local(35));
    await form.getByLabel('Địa điểm').fill('Kho 3, Hải Phòng');
    await form.getByLabel('Thành phần tham gia').fill('Công ty Sao Mai, Cục Hóa chất');
    await form.getByLabel('Kết quả').fill('Kho đạt yêu cầu.');
    await form.getByRole('button', { name: 'Ghi kết quả kiểm tra thực tế' }).click();
    await page.getByText('Đã ghi kết quả kiểm tra.').waitFor();
    await page.locator('blockquote').getByText('Kho đạt yêu cầu.').waitFor();
    await inspect(page, 'verification');
  });
});

test('a review is handed over, and the hand-over with its reason stays readable', async () => {
  const { id } = await claimed('ENERGY.LABEL');
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Hand over');
    const form = page.getByRole('form', { name: 'Hand over' });
    await form.getByLabel('Hand over to').fill('reviewer-4');
    await form.getByLabel('Reason').fill('I am away next week.');
    await form.getByRole('button', { name: 'Hand over' }).click();
    await page.getByText('Handed over.').waitFor();
    await page.getByText('handed over to reviewer-4').waitFor();
  });
});

test('the head of unit assigns several reviews at once', async () => {
  const [first, second] = [await claimed('ENERGY.LABEL'), await claimed('ENERGY.LABEL')];
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Hà/);
    await page.getByLabel('Tasks of').selectOption('reviewer');
    for (const { code } of [first, second])
      await page.locator('.work li', { hasText: code }).getByRole('checkbox').check();
    await press(page, 'Assign');
    const form = page.getByRole('form', { name: 'Assign' });
    await form.getByLabel('Hand over to').fill('reviewer-2');
    await form.getByLabel('Reason').fill('Absence');
    await press(page, 'Assign: 2 dossiers');
    await page.getByText('2 done, 0 refused').waitFor();
  });
  for (const { id } of [first, second])
    await until('approver-ha', `/v1/reviews/${id}`, ({ officer }) => officer === 'reviewer-2');
});

test('a proposal is read beside the form and documents, and rejected with a reason', async () => {
  const { id } = await file('PRECURSOR.IMPORT');
  await examine(id);
  const proposal = { outcome: 'refused', reason: 'The contract is not signed.' };
  await step('reviewer-minh', 'reviews', id, 'decision-proposals', proposal);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Hà/);
    await go(page, `#/dossiers/${id}`);
    const shown = page.getByRole('region', { name: 'Proposal that waits for approval' });
    await shown.getByText('The contract is not signed.').waitFor();
    await page.getByRole('heading', { name: 'Form' }).waitFor();
    await press(page, 'Reject the proposal');
    const form = page.getByRole('form', { name: 'Reject the proposal' });
    await form.getByLabel('Reason').fill('It is signed on page 3.');
    await form.getByRole('button', { name: 'Reject the proposal' }).click();
    await page.getByText('The proposal was rejected.').waitFor();
    await page.locator('q').getByText('It is signed on page 3.').first().waitFor();
  });
});

test('what was typed stays when somebody else was faster, and is sent with the newer version', async () => {
  const { id } = await claimed('ENERGY.LABEL');
  await open({ language: 'en', expected: [/412/] }, async (page) => {
    await enter(page, /Minh/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Return to the queue');
    const form = page.getByRole('form', { name: 'Return to the queue' });
    await form.getByLabel('Reason').fill('I know the applicant.');
    const { body } = await call('reviewer-minh', 'GET', `/v1/reviews/${id}`);
    await step('reviewer-minh', 'reviews', id, 'activities', { activity: body.activity });
    await form.getByRole('button', { name: 'Return to the queue' }).click();
    await page.getByText('The dossier changed after you opened it').waitFor();
    assert.equal(await form.getByLabel('Reason').inputValue(), 'I know the applicant.');
    await form.getByRole('button', { name: 'Return to the queue' }).click();
    await page.getByText('Returned.', { exact: true }).waitFor();
  });
});

// The directory of the department: two reviewers, of whom the first signs in.
async function recordOfficers(from) {
  const at = '/v1/directory/H26.14';
  const unit = { unit: 'trade', name: 'Trade', assignment: 'none', from };
  await call('operator-dung', 'POST', `${at}/units`, unit);
  for (const [officer, name] of [
    ['reviewer-nam-dinh', 'Bình'],
    ['reviewer-mai', 'Mai'],
  ]) {
    const record = { officer, name, unit: 'trade', roles: ['reviewer'], from };
    await call('operator-dung', 'POST', `${at}/officers`, record);
  }
}

test('an officer records an absence with a deputy, and the hand-over offers who is there', async () => {
  const { body: demo } = await call('operator-dung', 'GET', '/demo');
  const today = demo.now.slice(0, 10);
  await recordOfficers(today);
  const { id } = await file('2.000004');
  await step('clerk-nam-dinh', 'dossiers', id, 'acceptance');
  const isOpen = ({ stage }) => stage === 'open';
  await step('reviewer-nam-dinh', 'reviews', id, 'claim', {}, isOpen);
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Bình/);
    await go(page, '#/people');
    await page.locator('summary', { hasText: 'Record an absence' }).click();
    const form = page.getByRole('form', { name: 'Record an absence' });
    await form.getByLabel('Officer').selectOption('reviewer-nam-dinh');
    await form.getByLabel('First day').fill(today);
    await form.getByLabel('Last day').fill('2027-01-29');
    await form.getByLabel('Deputy').selectOption('reviewer-mai');
    await form.getByRole('button', { name: 'Record an absence' }).click();
    await page.getByText('deputy: Mai').waitFor();
    await inspect(page, 'absence');

    await go(page, `#/dossiers/${id}`);
    await press(page, 'Hand over');
    const handOver = page.getByRole('form', { name: 'Hand over' });
    const to = handOver.getByLabel('Hand over to');
    await to.locator('option', { hasText: 'Bình (reviewer-nam-dinh), absent' }).waitFor({ state: 'attached' });
    await to.selectOption('reviewer-mai');
    await handOver.getByLabel('Reason').fill('I am away.');
    await inspect(page, 'hand-over');
    await handOver.getByRole('button', { name: 'Hand over' }).click();
    await page.getByText('handed over to reviewer-mai').waitFor();

    await go(page, '#/people');
    await page.getByText('End or cancel').first().click();
    await page.getByRole('form', { name: 'End or cancel' }).getByLabel(/ay/).first().fill(today);
    await page.getByRole('button', { name: 'End or cancel' }).click();
    await page.getByText(`deputy: Mai`).waitFor();
  });
});
