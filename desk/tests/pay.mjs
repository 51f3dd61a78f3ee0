// An applicant pays by a QR code of a bank or at a wallet; the cashier uploads the bank's own file, and the
// payer's page follows.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { textOf } from '../citizen/sheet.js';
import { qrOf, qrSize } from '../qr.js';
import { go, heading, inspect, open, PHONE, press, SCREEN } from './harness.mjs';
import { ACCOUNT, COLUMNS, enterWith, openWorld } from './partner-world.mjs';

// In Vietnam, as the bank writes it, and as the browser's field for days has it.
const local = () => new Date(Date.now() + 7 * 3_600_000).toISOString();
const today = () => local().slice(0, 10);
const booked = () => `${today().split('-').reverse().join('/')} ${local().slice(11, 19)}`;

const csv = (rows) => ({
  name: 'sao-ke.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(textOf([COLUMNS, ...rows])),
});

const camt = (currency) => ({
  name: 'sao-ke.xml',
  mimeType: 'application/xml',
  buffer: Buffer.from(
    `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
     <Acct><Id><Othr><Id>${ACCOUNT}</Id></Othr></Id></Acct><Ntry><Amt Ccy="${currency}">12345</Amt>
     <CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>${local().slice(0, 19)}+07:00</DtTm></BookgDt>
     <AcctSvcrRef>R1</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>`,
  ),
});

test('a QR code has its patterns, and its modules are those of an independent encoder', () => {
  const rows = qrOf('DOSSIER').map((row) => row.join(''));
  // Made with the Python package `qrcode` 8.2: level M, the same mask.
  assert.deepEqual(rows, EXPECTED);
  assert.deepEqual([qrSize('x'.repeat(213)), qrSize('x'.repeat(214))], [57, 61]);
  assert.throws(() => qrOf('x'.repeat(700)), RangeError);
});

const EXPECTED = [
  '111111100011101111111',
  '100000100101001000001',
  '101110101110001011101',
  '101110101010101011101',
  '101110101010101011101',
  '100000101001001000001',
  '111111101010101111111',
  '000000001000000000000',
  '101111100011001111100',
  '010001011101111101000',
  '100110100000101101010',
  '010010000001111111100',
  '011011111100100101110',
  '000000001100100000100',
  '111111100101010001010',
  '100000101000000001111',
  '101110101001010001110',
  '101110101101111100100',
  '101110101110101001000',
  '100000100011111001100',
  '111111101000100110110',
];

describe('a payment that is started at the desk', () => {
  const mood = { works: true };
  let world;

  before(async () => {
    world = await openWorld(mood);
  });
  after(() => world?.end());

  test('a QR code is paid by transfer, the file of the bank settles it, and the page of the payer follows', async () => {
    const applicant = world.token('applicant', '--subject', 'shop-qr');
    const { id, code } = await world.owe(applicant);
    await open({ viewport: PHONE }, async (payer) => {
      await enterWith(payer, `${world.address}/#/mine/${id}`, applicant);
      await payer.getByRole('button', { name: 'Thanh toán trực tuyến' }).click();
      const form = payer.getByRole('form', { name: 'Thanh toán trực tuyến' });
      const through = form.getByLabel('Nộp qua');
      await through.locator('option', { hasText: 'Chuyển khoản' }).waitFor({ state: 'attached' });
      await through.selectOption({ label: 'Chuyển khoản' });
      await inspect(payer, 'pay-choice');
      await form.getByRole('button', { name: 'Thanh toán trực tuyến' }).click();
      const shown = payer.getByRole('figure', { name: 'Mã QR của bank-transfer' });
      await shown.getByRole('img').waitFor();
      const reference = await shown.locator('code').textContent();
      await inspect(payer, 'pay-qr');
      const { body } = await world.call(applicant, 'GET', `/v1/payments/${id}`);
      assert.equal(body.attempts[0].short_reference, reference);
      assert.match(body.attempts[0].qr, /^000201/);

      await open({ language: 'en', viewport: SCREEN, expected: [/422/] }, (cashier) =>
        upload(cashier, reference),
      );
      // Nobody reloads the payer's page.
      await payer.getByText('bank-transfer: 30.000 ₫ · đã thanh toán').waitFor();
      await shown.waitFor({ state: 'detached' });
      await inspect(payer, 'pay-settled');
    });
    await parity(code);
  });

  async function upload(page, reference) {
    const cashier = world.token('cashier', '--subject', 'tuan', '--agency', 'G02');
    await enterWith(page, `${world.address}/#/money/files`, cashier);
    await heading(page, 'File of the bank');
    await press(page, 'Send the file');
    await page.locator('.wrong').getByLabel('Account').waitFor();
    await page.getByLabel('Account').fill('bank-transfer');
    const chosen = page.getByLabel('File', { exact: true });
    const memo = `NGUYEN VAN A nop phi ${reference}`;
    await chosen.setInputFiles(
      csv([
        [booked(), 'FT1', ACCOUNT, '', '30,000.5', memo],
        [booked(), '', ACCOUNT, '', '12,345', 'ung ho'],
      ]),
    );
    await press(page, 'Send the file');
    const wrong = page.getByRole('region', { name: 'Findings in the file' });
    const first = wrong.getByRole('row', { name: /^2 / });
    await first.getByText('Ghi có').waitFor();
    await first.getByText(/NGUYEN VAN A/).waitFor();
    await wrong.getByRole('row', { name: /^3 / }).getByText('Số bút toán').waitFor();
    await inspect(page, 'bank-file-findings');
    await chosen.setInputFiles(camt('USD'));
    await press(page, 'Send the file');
    await wrong.getByRole('row', { name: /^1 .*USD.*12345 · CRDT/ }).waitFor();

    const right = csv([
      [booked(), 'FT1', ACCOUNT, '', '30,000', memo],
      [booked(), 'FT2', ACCOUNT, '', '12,345', 'ung ho'],
    ]);
    await chosen.setInputFiles(right);
    await press(page, 'Send the file');
    const recorded = page.getByRole('region', { name: 'Recorded' }).first();
    await recorded.getByText('42,345 ₫').waitFor();
    await wrong.waitFor({ state: 'detached' });
    await inspect(page, 'bank-file');
  }

  async function parity(code) {
    const cashier = world.token('cashier', '--subject', 'tuan', '--agency', 'G02');
    await open({ language: 'en' }, async (page) => {
      await enterWith(page, `${world.address}/#/money/parity`, cashier);
      await heading(page, 'Parity');
      await page.getByLabel('Account').fill('bank-transfer');
      await page.getByLabel('From').fill(today());
      await press(page, 'Compare');
      const rows = page.getByRole('region', { name: 'Payments and lines' });
      const paid = rows.getByRole('row', { name: new RegExp(code) });
      await paid.waitFor();
      // Stated, recorded, receipted, and the fee.
      assert.equal(await paid.getByText('30,000 ₫').count(), 4);
      await rows.getByRole('row', { name: /FT2/ }).getByText('Money of no known payment').waitFor();
      await inspect(page, 'parity');
      await page.getByLabel('Show').selectOption('only what differs');
      await paid.waitFor({ state: 'detached' });
      await rows.getByRole('row', { name: /FT2/ }).waitFor();
    });
    await open({ viewport: PHONE }, async (page) => {
      const address = `#/money/parity?account=bank-transfer&from=${today()}`;
      await enterWith(page, `${world.address}/${address}`, cashier);
      await page.getByRole('region', { name: 'Từng khoản' }).getByRole('link', { name: code }).waitFor();
      await inspect(page, 'parity');
      await go(page, '#/money/files');
      await heading(page, 'Tệp của ngân hàng');
      await inspect(page, 'bank-file');
    });
  }

  test('one transfer by a QR code pays two dossiers, and the page of the payer follows', async () => {
    const applicant = world.token('applicant', '--subject', 'shop-order');
    const filed = [await world.owe(applicant), await world.owe(applicant)];
    await open({ viewport: PHONE }, async (page) => {
      await order(page, applicant, { button: /^Nộp 60\.000 ₫/, provider: 'Chuyển khoản' });
      const shown = page.getByRole('figure', { name: 'Mã QR của bank-transfer' });
      await shown.getByRole('img').waitFor();
      const reference = await shown.locator('code').textContent();
      await inspect(page, 'order-qr');
      const cashier = world.token('cashier', '--subject', 'tuan', '--agency', 'G02');
      const line = { event: 'FT9', kind: 'received', amount_vnd: 60_000, booked_at: `${local().slice(0, 19)}+07:00`, reference };
      await world.call(cashier, 'POST', '/v1/payment-statements', { account: 'bank-transfer', lines: [line] });
      // Nobody reloads the payer's page.
      await page.getByText('Đã nộp 60.000 ₫ cho 2 hồ sơ.').waitFor();
      await shown.waitFor({ state: 'detached' });
      for (const { code } of filed) await page.getByRole('row', { name: new RegExp(`${code}.*đã thanh toán`) }).waitFor();
      await inspect(page, 'order-settled');
    });
  });

  test('one order for two dossiers goes on at the page of a wallet', async () => {
    const applicant = world.token('applicant', '--subject', 'shop-order-wallet');
    for (let at = 0; at < 2; at += 1) await world.owe(applicant);
    await open({ language: 'en' }, async (page) => {
      await order(page, applicant, { button: /^Pay 60,000 ₫/, provider: 'Wallet' });
      const link = page.getByRole('link', { name: 'Continue at wallet' });
      await link.waitFor();
      assert.match(await link.getAttribute('href'), /^http:\/\/wallet\.example\//);
      await inspect(page, 'order-wallet');
    });
  });

  // Chooses all dossiers of the payer, and starts their payment.
  async function order(page, applicant, { button, provider }) {
    await enterWith(page, `${world.address}/#/pay`, applicant);
    await page.locator('.work > li').nth(1).getByText(/30[.,]000/).waitFor();
    await page.locator('label.check > input').first().check();
    const through = page.locator('#pay-provider');
    await through.locator('option', { hasText: provider }).waitFor({ state: 'attached' });
    await through.selectOption({ label: provider });
    await page.getByRole('button', { name: button }).click();
    await page.locator('.facts').waitFor();
  }

  test('a wallet takes the payer to its page, in a window of its own', async () => {
    const applicant = world.token('applicant', '--subject', 'shop-wallet');
    const { id } = await world.owe(applicant);
    await open({ language: 'en' }, async (page) => {
      await enterWith(page, `${world.address}/#/mine/${id}`, applicant);
      await press(page, 'Pay online');
      const form = page.getByRole('form', { name: 'Pay online' });
      const through = form.getByLabel('Pay through');
      await through.locator('option', { hasText: 'Wallet' }).waitFor({ state: 'attached' });
      await through.selectOption({ label: 'Wallet' });
      await form.getByRole('button', { name: 'Pay online' }).click();
      const link = page.getByRole('link', { name: 'Continue at wallet' });
      await link.waitFor();
      assert.match(await link.getAttribute('href'), /^http:\/\/wallet\.example\//);
      assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
      await inspect(page, 'pay-wallet');
    });
  });
});
