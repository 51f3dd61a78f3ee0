// What follows a decision: the result is downloaded and rated, renewed, revoked; duties are met; a
// complaint is answered with documents and reopened.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { enter, go, inspect, open, pdf, PHONE, press, SCREEN } from './harness.mjs';
import { call, file, issue, step, until } from './world.mjs';

const DEPARTMENT = {
  clerk: 'clerk-nam-dinh',
  reviewer: 'reviewer-nam-dinh',
  approver: 'approver-nam-dinh',
};

for (const [language, viewport, words] of [
  ['en', SCREEN, ['Receive the result', 'Document of the result', 'Rate', 'Satisfaction', 'Comment']],
  ['vi', PHONE, ['Xác nhận nhận kết quả', 'Văn bản kết quả', 'Đánh giá', 'Mức độ hài lòng', 'Ý kiến']],
]) {
  test(`a result is received, saved and rated in ${language}`, async () => {
    const { id } = await file('PRECURSOR.IMPORT');
    await issue(id);
    const [receive, result, rate, score, comment] = words;
    await open({ language, viewport }, async (page) => {
      await enter(page, /Sao Mai/);
      await go(page, `#/mine/${id}`);
      await press(page, receive);
      const saved = page.waitForEvent('download');
      await press(page, result);
      assert.match(readFileSync(await (await saved).path(), 'latin1'), /^%PDF-/);
      await press(page, rate);
      const form = page.getByRole('form', { name: rate });
      await form.getByLabel(score).selectOption('4');
      await form.getByLabel(comment).fill('Fast.');
      await form.getByRole('button', { name: rate }).click();
      await page.getByText('Fast.').waitFor();
      await inspect(page, 'rated');
    });
    await until('company-1', `/v1/ratings/${id}`, (rating) => rating.score === 4);
  });
}

test('a renewal is requested by the applicant and decided on by the approver', async () => {
  const { id } = await file('PRECURSOR.IMPORT');
  await issue(id);
  await step('company-1', 'deliveries', id, 'downloads');
  await open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, `#/mine/${id}`);
    await page.getByText('Other actions').click();
    await press(page, 'Request a renewal');
    const asked = page.getByRole('form', { name: 'Request a renewal' });
    await asked.getByLabel('Reason').fill('The ship is late.');
    await asked.getByRole('button', { name: 'Request a renewal' }).click();
    await page.getByText('The renewal was requested.').waitFor();

    await enter(page, /Hà/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('The ship is late.').first().waitFor();
    await press(page, 'Decide on the renewal');
    const decision = page.getByRole('form', { name: 'Decide on the renewal' });
    await decision.getByLabel('Outcome').selectOption('approved');
    await decision.getByLabel('Reason').fill('Within the period.');
    await inspect(page, 'renewal');
    await decision.getByRole('button', { name: 'Decide on the renewal' }).click();
    await page.getByText('Decided.', { exact: true }).waitFor();
    await page.locator('.facts div', { hasText: 'Renewals' }).getByText('1').waitFor();

    await page.getByText('Other actions').click();
    await press(page, 'Revoke the result');
    const revocation = page.getByRole('form', { name: 'Revoke the result' });
    await revocation.getByLabel('Reason').fill('The contract was forged.');
    await revocation.getByRole('button', { name: 'Revoke the result' }).click();
    await page.getByText('The result was revoked.').waitFor();
  });
});

test('a duty after the result is met by the applicant, with a note', async () => {
  const { id } = await file('2.000004');
  await issue(id, DEPARTMENT);
  const hasDuty = ({ next }) => next?.some(({ kind }) => kind === 'meet_duty');
  const { stage } = (await call('company-1', 'GET', `/v1/deliveries/${id}`)).body;
  if (stage === 'issued') await step('company-1', 'deliveries', id, 'downloads');
  await until('company-1', `/v1/dossiers/${id}`, hasDuty);
  const duty = 'Report the duty as met: Draw the winners and hand out the prizes';
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, `#/mine/${id}`);
    await page.getByRole('heading', { name: 'Duties after the result' }).waitFor();
    await press(page, duty);
    const form = page.getByRole('form', { name: duty });
    await form.getByLabel('Evidence').setInputFiles(pdf('winners.pdf'));
    await form.getByText('winners.pdf').first().waitFor();
    await form.getByLabel('Note').fill('Handed out on the square.');
    await inspect(page, 'duty');
    await form.getByRole('button', { name: duty }).click();
    await page.locator('blockquote').getByText('Handed out on the square.').waitFor();
    await page.getByText(/met at/).first().waitFor();
  });
});

test('a complaint with a document is answered from a template with a document, and reopened', async () => {
  const { id } = await file('ENERGY.LABEL');
  await open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, `#/mine/${id}`);
    await page.getByText('Other actions').click();
    const form = page.getByRole('form', { name: 'Complain' });
    await form.getByLabel('Name').fill('Sao Mai');
    await form.getByLabel('Address').fill('12 Ngô Quyền, Hà Nội');
    await form.getByLabel('Telephone').fill('0912345678');
    const words = `Nobody answers ${id.slice(0, 8)}.`;
    await form.getByLabel('Text').fill(words);
    await form.getByLabel('Documents').setInputFiles(pdf('letter.pdf'));
    await form.getByText('letter.pdf').first().waitFor();
    await form.getByRole('button', { name: 'Send the complaint' }).click();
    await page.getByText('The complaint was sent.').waitFor();
    const list = `/v1/complaints?dossier=${id}`;
    const { body: mine } = await until('company-1', list, (rows) => rows.length === 1);
    const address = `#/complaints/${mine[0].complaint}`;
    await go(page, '#/my-complaints');
    await page.locator('.work a').first().waitFor();
    await inspect(page, 'my-complaints');
    await go(page, address);
    await press(page, 'Add documents');
    const more = page.getByRole('form', { name: 'Add documents' });
    await more.getByLabel('Documents').setInputFiles(pdf('photo.pdf'));
    await more.getByText('photo.pdf').first().waitFor();
    await more.getByRole('button', { name: 'Add documents' }).click();
    await page.getByText('The documents were added.').waitFor();

    await enter(page, /Yến/);
    await go(page, address);
    await page.getByText(words).waitFor();
    const saved = page.waitForEvent('download');
    await press(page, 'letter.pdf');
    assert.match(readFileSync(await (await saved).path(), 'latin1'), /^%PDF-/);
    await press(page, 'Classify');
    const classify = page.getByRole('form', { name: 'Classify' });
    await classify.getByLabel('Class').selectOption('conduct_or_delay');
    await classify.getByRole('button', { name: 'Classify' }).click();
    await page.getByText('Classified.').waitFor();
    await press(page, 'Answer');
    const answer = page.getByRole('form', { name: 'Answer' });
    await answer.getByLabel('Template').selectOption({ index: 1 });
    assert.notEqual(await answer.getByLabel('Answer').inputValue(), '');
    await answer.getByLabel('Answer').fill('An officer has it since today.');
    await answer.getByLabel('Documents').setInputFiles(pdf('minutes.pdf'));
    await answer.getByText('minutes.pdf').first().waitFor();
    await inspect(page, 'answer');
    await answer.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('Answered.').waitFor();

    await enter(page, /Sao Mai/);
    await go(page, address);
    await page.getByText('An officer has it since today.').waitFor();
    await page.getByRole('button', { name: 'minutes.pdf' }).waitFor();
    await inspect(page, 'answered');
    await press(page, 'Ask to reopen');
    const again = page.getByRole('form', { name: 'Ask to reopen' });
    await again.getByLabel('Reason').fill('Nothing happened.');
    await again.getByRole('button', { name: 'Ask to reopen' }).click();
    await page.getByText('It was reopened.').waitFor();
  });
});
