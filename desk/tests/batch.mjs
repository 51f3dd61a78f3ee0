// Many dossiers at once: a list with an outcome for each row, the refused rows to correct, and the dossiers
// of all clients of a representative.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dossierOf, rowsOf, textOf } from '../citizen/sheet.js';
import { amountOf } from '../numbers.js';
import { bodyOf } from '../step-values.js';
import { enter, go, heading, inspect, open, pdf, PHONE, press } from './harness.mjs';
import { call, file } from './world.mjs';

const PAPERS = ['papers.declaration', 'papers.test_report'];
const HEADER = ['company.name', 'company.tax_code', 'product', 'model', 'stars', ...PAPERS];
const row = (name, stars = '5', report = 'report.pdf') =>
  [name, '0101234565', 'lamp', `L-${Date.now()}`, stars, 'declaration.pdf', report];
const list = (rows, name = 'list.csv') => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(textOf([HEADER, ...rows])),
});

test('a list is read with quotes, line ends in cells, other separators and values of its form', () => {
  assert.deepEqual(rowsOf('\uFEFFa,b\r\n"1, ""x""\ny",2\r\n\r\n'), [['a', 'b'], ['1, "x"\ny', '2']]);
  assert.deepEqual(rowsOf('a;b\n1,5;2'), [['a', 'b'], ['1,5', '2']]);
  const rows = [['=1+2', 'a;b', 'x"y']];
  assert.deepEqual(rowsOf(textOf([['one', 'two', 'three'], ...rows]))[1], ["'=1+2", 'a;b', 'x"y']);
  const text = { type: 'string' };
  const goods = { type: 'array', items: { type: 'object', properties: { hs: text } } };
  const form = { type: 'object', properties: { goods, is_new: { type: 'boolean' }, n: { type: 'integer' } } };
  const header = ['goods.1.hs', 'goods.2.hs', 'is_new', 'n', 'papers.deed', 'group', 'findings'];
  const cells = ['090111', "'=2", 'có', '1.000', 'a.pdf; b.pdf', 'poor', 'ignored'];
  assert.deepEqual(dossierOf(header, cells, { form, documents: [] }), {
    form: { goods: [{ hs: '090111' }, { hs: '=2' }], is_new: true, n: 1000 },
    papers: { deed: ['a.pdf', 'b.pdf'] },
    group: 'poor',
  });
});

test('numbers are read as they are written in Vietnamese and in English, and what could be either is not', () => {
  const form = { type: 'object', properties: { n: { type: 'number' }, i: { type: 'integer' } } };
  const valuesOf = (cell) => {
    const { n, i } = dossierOf(['n', 'i'], [cell, cell], { form, documents: [] }).form;
    return [n, i];
  };
  for (const [cell, number, whole] of [
    ['12.500', '12.500', 12_500],
    ['12,500', '12,500', 12_500],
    ['1,5', 1.5, '1,5'],
    ['1.5', 1.5, '1.5'],
    ['0,500', 0.5, '0,500'],
    ['1.234.567,89', 1_234_567.89, '1.234.567,89'],
    ['1,234,567.89', 1_234_567.89, '1,234,567.89'],
    ['1 234 567,89', 1_234_567.89, '1 234 567,89'],
    ['1.234.567', 1_234_567, 1_234_567],
    ['-1.234.567', -1_234_567, -1_234_567],
    ['1234,567', 1_234.567, '1234,567'],
    ['1.5.3', '1.5.3', '1.5.3'],
    ['12.34,5', '12.34,5', '12.34,5'],
    ['1e5', '1e5', '1e5'],
    ['0x10', '0x10', '0x10'],
  ])
    assert.deepEqual(valuesOf(cell), [number, whole], cell);
});

test('an amount in đồng has no decimals, and one that has is not taken for a larger one', () => {
  const texts = ['30.000', '30,000 ₫', '30 000đ', '30000', '30.000,50', '30000.5', '1.5'];
  const read = [30_000, 30_000, 30_000, 30_000, undefined, undefined, undefined];
  assert.deepEqual(texts.map(amountOf), read);
  assert.equal(bodyOf({ fields: [{ name: 'a', type: 'amount' }] }, { a: '30000.50' }, {}).a, '30000.50');
});

test('a list is filed with an outcome for each row, and the refused ones are corrected', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, '#/procedures/ENERGY.LABEL');
    await page.getByRole('link', { name: 'File many by a list' }).click();
    await heading(page, /file many/);
    await page.getByText('Columns of the list').click();
    const template = page.waitForEvent('download');
    await press(page, 'Get an empty list (CSV)');
    const empty = readFileSync(await (await template).path(), 'utf8');
    assert.deepEqual([...rowsOf(empty)[0]].sort(), [...HEADER].sort());
    await inspect(page, 'batch-columns');

    await page.getByLabel('Agency').selectOption('G02.002');
    await page.getByLabel('List (CSV)').setInputFiles({
      ...list([]),
      buffer: Buffer.from('company.name,colour\nA,red\n'),
    });
    await page.getByText('Unknown columns: colour.').waitFor();
    await page
      .getByLabel('All files that the list names')
      .setInputFiles([pdf('declaration.pdf'), pdf('report.pdf')]);
    await page.locator('.files').getByText('report.pdf').waitFor();
    await page
      .getByLabel('List (CSV)')
      .setInputFiles(list([row('Sao Mai A'), row('Sao Mai B', '9'), row('Sao Mai C', '4', 'lost.pdf')]));
    await press(page, 'File 3 dossiers');
    await page.getByText('1 filed, 2 refused').waitFor();
    const outcomes = page.locator('.outcomes');
    await outcomes.locator('.taken', { hasText: 'Sao Mai A' }).getByRole('link').waitFor();
    await outcomes.locator('.refused', { hasText: 'Sao Mai B' }).getByText(/^stars: /).waitFor();
    await outcomes.getByText('the file lost.pdf was not uploaded').waitFor();
    await inspect(page, 'batch');

    const saved = page.waitForEvent('download');
    await press(page, 'Get the refused rows to correct (CSV)');
    const refused = rowsOf(readFileSync(await (await saved).path(), 'utf8'));
    assert.deepEqual([refused.length, refused[0].at(-1)], [3, 'findings']);
    refused[1][4] = '3';
    refused[2][6] = 'report.pdf';
    await page
      .getByLabel('List (CSV)')
      .setInputFiles({ ...list([], 'corrected.csv'), buffer: Buffer.from(textOf(refused)) });
    await press(page, 'File 2 dossiers');
    await page.getByText('2 filed, 0 refused').waitFor();
    await outcomes.getByRole('link').first().click();
    await page.locator('.way').waitFor();
  }));

test('a broker files a list for a client, and follows the dossiers of all clients at once', async () => {
  const { code } = await file('PRECURSOR.IMPORT');
  const granted = { representative: 'broker-hai', procedures: ['ENERGY.LABEL', 'PRECURSOR.IMPORT'] };
  const { body: mandate } = await call('company-1', 'POST', '/v1/mandates', granted);
  await call('broker-hai', 'POST', `/v1/mandates/${mandate.mandate}/acceptance`, {});
  await open({ viewport: PHONE }, async (page) => {
    await enter(page, /Hải Phong/);
    await page.getByRole('link', { name: 'Khách hàng' }).click();
    await heading(page, 'Khách hàng');
    await page.getByLabel('Đang chờ').selectOption('');
    await page.getByText(code).first().waitFor();
    await inspect(page, 'clients');
    await page.getByRole('button', { name: new RegExp(`company-1.*${code}`) }).click();
    await page.locator('.way').waitFor();
    await page.getByText('Đang làm thay company-1').waitFor();
    await go(page, '#/batch/ENERGY.LABEL');
    await heading(page, /nộp nhiều/);
    await page.getByLabel('Cơ quan').selectOption('G02.002');
    await page
      .getByLabel('Tất cả tệp mà danh sách nêu tên')
      .setInputFiles([pdf('declaration.pdf'), pdf('report.pdf')]);
    await page.locator('.files').getByText('report.pdf').waitFor();
    await page.getByLabel('Danh sách (CSV)').setInputFiles(list([row('Của khách'), row('Của khách 2')]));
    await press(page, 'Nộp 2 hồ sơ');
    await page.getByText('Đã nộp 2, bị từ chối 0').waitFor();
    await inspect(page, 'batch-client');
  });
  const { body } = await call('company-1', 'GET', '/v1/register/dossiers?mine=true&limit=100');
  const filed = body.map((one) => one.applicant_name).filter((name) => name?.startsWith('Của khách'));
  assert.deepEqual(filed.sort(), ['Của khách', 'Của khách 2']);
  const end = `/v1/mandates/${mandate.mandate}/revocation`;
  await call('company-1', 'POST', end, { reason: 'The test is over.' });
});

test('a list whose answer is lost is sent again, and no dossier is filed twice', () =>
  open({ language: 'en', expected: [/ERR_FAILED/] }, async (page) => {
    const batches = '**/v1/dossiers/batches';
    const [keys, filed] = [new Set(), []];
    // The server files the dossiers, and nobody hears of it.
    await page.route(batches, async (route) => {
      keys.add(route.request().headers()['idempotency-key']);
      const { outcomes } = await (await route.fetch()).json();
      filed.push(outcomes.map(({ dossier }) => dossier));
      await route.abort();
    });
    await enter(page, /Sao Mai/);
    await go(page, '#/batch/ENERGY.LABEL');
    await heading(page, /file many/);
    await page.getByLabel('Agency').selectOption('G02.002');
    await page
      .getByLabel('All files that the list names')
      .setInputFiles([pdf('declaration.pdf'), pdf('report.pdf')]);
    await page.locator('.files').getByText('report.pdf').waitFor();
    const lost = list([row('Lost A'), row('Lost B')]);
    const choose = () => page.getByLabel('List (CSV)').setInputFiles(lost);
    await choose();
    await press(page, 'File 2 dossiers');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('.outcomes .taken').count(), 0);
    await page.unroute(batches);
    await page.route(batches, (route) => {
      keys.add(route.request().headers()['idempotency-key']);
      return route.continue();
    });
    // The person leaves the page, and chooses the same list anew.
    await go(page, '#/mine');
    await go(page, '#/batch/ENERGY.LABEL');
    await page.getByLabel('Agency').selectOption('G02.002');
    await choose();
    await press(page, 'File 2 dossiers');
    await page.getByText('2 filed, 0 refused').waitFor();
    const links = page.locator('.outcomes .taken a');
    const shown = await links.evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    // Each try was answered with the same dossiers, by the same key.
    assert.equal(keys.size, 1);
    assert.ok(filed.length >= 1);
    for (const dossiers of filed)
      assert.deepEqual(
        dossiers.map((id) => `#/mine/${id}`),
        shown,
      );
    // Once more, what was filed is shown, and nothing is sent.
    await choose();
    await page.getByText('2 filed, 0 refused').waitFor();
    await press(page, 'File 2 dossiers');
    assert.equal(keys.size, 1);
  }));
