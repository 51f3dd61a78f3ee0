// A clerk's day: several dossiers at once, labels, the claim to a reduced fee, transfers, parcels, and
// papers in the language of the page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { enter, go, heading, inspect, open, pdf, PHONE, press, SCREEN } from './harness.mjs';
import { call, file, issue, step, track } from './world.mjs';

const MAIL = {
  channel: 'post',
  address: { name: 'Sao Mai', lines: ['12 Ngô Quyền', 'Hà Nội'], phone: '0912345678' },
};

for (const [language, viewport, accept, send, outcome] of [
  ['en', SCREEN, 'Accept', 'Accept: 2 dossiers', '1 done, 1 refused'],
  ['vi', PHONE, 'Tiếp nhận', 'Tiếp nhận: 2 hồ sơ', 'Đã xong 1, không thực hiện được 1'],
]) {
  test(`a step on two dossiers at once has an outcome for each in ${language}`, async () => {
    const [mine, other] = [await file('ENERGY.LABEL'), await file('ENERGY.LABEL')];
    await open({ language, viewport }, async (page) => {
      await enter(page, /Lan/);
      await page.locator('.work li').first().waitFor();
      for (const { code } of [mine, other])
        await page.locator('.work li', { hasText: code }).getByRole('checkbox').check();
      await press(page, accept);
      await inspect(page, 'bulk');
      // Somebody else is faster with one of them.
      await page.route('**/v1/dossiers/bulk', async (route) => {
        await step('clerk-lan', 'dossiers', other.id, 'acceptance');
        await route.continue();
      });
      await press(page, send);
      const outcomes = page.locator('.outcomes');
      await page.getByText(outcome).waitFor();
      await outcomes.locator('.taken', { hasText: mine.code }).waitFor();
      await outcomes.locator('.refused', { hasText: other.code }).waitFor();
      await inspect(page, 'bulk-outcomes');
    });
    const { body } = await call('clerk-lan', 'GET', `/v1/dossiers/${mine.id}`);
    assert.equal(body.stage, 'processing');
  });
}

test('a label is added, leads to the dossiers that have it, and is removed', async () => {
  const { id, code } = await file('ENERGY.LABEL');
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    const labels = page.getByRole('region', { name: 'Labels' });
    await labels.getByText('New label').click();
    await labels.getByLabel('Text of the label').fill(`Director ${code.slice(-4)}`);
    await labels.getByRole('button', { name: 'Add the label' }).click();
    const label = labels.getByRole('link', { name: `Director ${code.slice(-4)}` });
    await label.click();
    await heading(page, 'Dossiers');
    await page.getByText('1 found').waitFor();
    assert.equal(await page.getByLabel('Has the label').inputValue(), `Director ${code.slice(-4)}`);
    await inspect(page, 'labelled');
    await page.getByRole('link', { name: code }).click();
    await labels.getByRole('button', { name: /Remove the label/ }).click();
    await label.waitFor({ state: 'detached' });
  });
});

test('a dossier is transferred to another competent agency, with a reason', async () => {
  const { id } = await file('ENERGY.LABEL');
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Other actions').click();
    await press(page, 'Transfer to the competent agency');
    const form = page.getByRole('form', { name: 'Transfer to the competent agency' });
    const agency = form.getByLabel('Receiving agency');
    await agency.locator('option[value="G02"]').waitFor({ state: 'attached' });
    await agency.selectOption('G02');
    await form.getByLabel('Reason').fill('The ministry decides on this one.');
    await form.getByRole('button', { name: 'Transfer to the competent agency' }).click();
    await page.getByText('Transferred.', { exact: true }).waitFor();
  });
  const { body } = await call('clerk-lan', 'GET', `/v1/dossiers/${id}`);
  assert.equal(body.agency, 'G02');
});

test('a parcel is handed over, listed for the carrier, labelled and followed', async () => {
  const { id, code } = await file('PRECURSOR.IMPORT', { delivery: MAIL });
  await issue(id);
  const waybill = `EA${code.slice(-9)}VN`;
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Hand to the carrier');
    const form = page.getByRole('form', { name: 'Hand to the carrier' });
    await form.getByLabel('Carrier').fill('vnpost');
    await form.getByLabel('Waybill').fill(waybill);
    await form.getByRole('button', { name: 'Hand to the carrier' }).click();
    await page.getByText('Handed to the carrier.').waitFor();
    await page.getByText(`${waybill} · on its way`).waitFor();
    const label = page.waitForEvent('download');
    await press(page, 'Label of the parcel');
    assert.match(readFileSync(await (await label).path(), 'latin1'), /^%PDF-/);
    await inspect(page, 'parcel');

    await go(page, '#/parcels');
    await page.getByText(waybill).waitFor();
    const list = page.getByRole('region', { name: 'Hand-over list' });
    await list.getByLabel('Agency').selectOption('G02');
    await list.getByLabel('Carrier').fill('vnpost');
    const { now } = await page.evaluate(() => fetch('/demo').then((reply) => reply.json()));
    await list.getByLabel('Day').fill(now.slice(0, 10));
    await list.getByRole('button', { name: 'Show the list' }).click();
    await list.getByText(waybill).waitFor();
    const printed = page.waitForEvent('download');
    await list.getByRole('button', { name: /Print the list/ }).click();
    assert.match(readFileSync(await (await printed).path(), 'latin1'), /^%PDF-/);
    await inspect(page, 'parcels');

    await track(waybill, 'delivered', 'Signed by the firm');
    await go(page, `#/dossiers/${id}`);
    await page.getByText(`${waybill} · delivered`).waitFor();
  });
});

test('papers are printed in the language of the page', async () => {
  const { id } = await file('ENERGY.LABEL');
  await step('clerk-lan', 'dossiers', id, 'acceptance');
  const pages = { en: ['Receipt with appointment'], vi: ['Giấy tiếp nhận và hẹn trả'] };
  for (const [language, [slip]] of Object.entries(pages)) {
    await open({ language }, async (page) => {
      await enter(page, /Lan/);
      await go(page, `#/dossiers/${id}`);
      const asked = page.waitForRequest(/\/slips\/./);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: slip }).click();
      assert.equal((await asked).headers()['accept-language'], language);
      const bytes = readFileSync(await (await saved).path());
      assert.match(bytes.toString('latin1'), /^%PDF-/);
      const { body } = await call('clerk-lan', 'GET', `/v1/dossiers/${id}/slips`);
      const reply = await call(
        'clerk-lan',
        'GET',
        `/v1/dossiers/${id}/slips/${body[0].slip}`,
        undefined,
        { 'Accept-Language': language },
      );
      assert.equal(reply.body.language, language);
    });
  }
});

test('a complaint that arrived by telephone is entered, and has a number and a code', async () => {
  const { id } = await file('ENERGY.LABEL');
  await open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Enter a complaint that arrived otherwise').first().click();
    const form = page.getByRole('form', { name: 'Complain' });
    await form.getByLabel('Arrived by').selectOption('phone');
    await form.getByLabel('Name').fill('Trần Văn A');
    await form.getByLabel('Text').fill('Nobody answers the telephone.');
    await form.getByRole('button', { name: 'Record the complaint' }).click();
    await page.getByText(/Recorded as PA-/).waitFor();
  });
});


test('a dossier that arrived at the counter is entered for its applicant, with all findings at once', () =>
  open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Thu/);
    await go(page, '#/procedures/2.000004');
    await page.getByRole('link', { name: /Enter what arrived/ }).click();
    await page.getByRole('button', { name: 'File the dossier' }).click();
    await page.locator('#applicant-error').waitFor();
    await page.getByLabel(/Applicant \(account/).fill('company-1');
    await page.getByLabel('Filing channel').selectOption('counter');
    await page.getByRole('button', { name: 'File the dossier' }).click();
    await page.locator('#f-merchant-name-error').waitFor();
    assert.ok((await page.locator('[aria-invalid]').count()) >= 8);
    await inspect(page, 'counter');
    for (const [field, value] of [
      ['merchant-name', 'Sao Mai'],
      ['merchant-tax_code', '0101234565'],
      ['merchant-phone', '0912345678'],
      ['programme-name', 'Tết'],
      ['programme-goods', 'Cà phê'],
      ['programme-from', '2026-12-10'],
      ['programme-to', '2026-12-20'],
      ['programme-prizes_vnd', '1000000'],
    ])
      await page.locator(`#f-${field}`).fill(value);
    for (const [paper, name] of [
      ['Registration form 02', 'form.pdf'],
      ['Rules of the programme', 'rules.pdf'],
    ]) {
      await page.getByLabel(paper).setInputFiles(pdf(name));
      await page.locator('.files').getByText(name).first().waitFor();
    }
    await page.getByRole('button', { name: 'File the dossier' }).click();
    await page.locator('.way').waitFor();
    await page.getByText('at the counter').first().waitFor();
    await page.getByRole('button', { name: 'Accept', exact: true }).waitFor();
  }));
