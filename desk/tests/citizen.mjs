// A citizen's day: find a procedure, file, pay, track, answer a supplement, look up by code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, heading, inspect, open, pdf, PHONE, press, SCREEN } from './harness.mjs';

for (const [language, viewport, search, title, fee] of [
  ['vi', PHONE, 'Tên thủ tục', /Cấp Giấy chứng nhận xuất xứ.*mẫu D/, '30.000 ₫'],
  ['en', SCREEN, 'Name of the procedure', /certificate of origin form D/, '30,000 ₫'],
]) {
  test(`papers, period and fee are shown before filing, without sign-in, in ${language}`, () =>
    open({ language, viewport }, async (page) => {
      await go(page, '#/procedures');
      await page.getByLabel(search).fill('xuất xứ');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: title }).first().click();
      await heading(page, title);
      await page.locator('tfoot').getByText(fee).waitFor();
      await inspect(page, 'procedure');
    }));
}

test('a group with a reduction pays less, and the full amount is named', () =>
  open({ language: 'en' }, async (page) => {
    await go(page, '#/procedures/CO.D');
    await page.getByLabel('Group with a reduction').selectOption('digital_citizen');
    await page.locator('tfoot').getByText('15,000 ₫').waitFor();
    await page.getByText('reduced from 30,000 ₫').waitFor();
  }));

test('a filing is refused with all findings at their fields, then filed, paid and tracked', () =>
  open({ viewport: PHONE, expected: [/422/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, '#/file/CO.D');
    await heading(page, /mẫu D/);
    await page.getByLabel('Cơ quan').selectOption('G02.001');
    const exporter = page.getByRole('group', { name: 'Bên xuất khẩu' });
    await exporter.getByLabel('Mã số thuế').fill('12');
    await page.getByRole('button', { name: 'Nộp hồ sơ' }).click();
    await exporter.getByText('Mã số thuế có 10 chữ số').waitFor();
    await page.getByText('Thiếu thành phần hồ sơ bắt buộc').first().waitFor();
    assert.ok((await page.locator('[aria-invalid]').count()) >= 8);
    await inspect(page, 'findings');

    await exporter.getByLabel('Mã số thuế').fill('0101234565');
    await exporter.getByLabel('Tên thương nhân').fill('Công ty Sao Mai');
    await exporter.getByLabel('Địa chỉ').fill('12 Ngô Quyền, Hà Nội');
    await page.getByLabel('Bên nhập khẩu').fill('Siam Trading');
    await page.getByLabel('Nước nhập khẩu').selectOption('TH');
    await page.getByLabel('Mô tả hàng hóa').fill('Cà phê');
    await page.getByLabel('Mã HS').fill('090111');
    await page.getByLabel('Tiêu chí xuất xứ').selectOption('WO');
    await page.getByLabel('Số lượng').fill('20 tấn');
    await page.getByLabel('Số và ngày hóa đơn').fill('HD-1');
    await page.getByLabel('Đối tượng được giảm').selectOption('digital_citizen');
    await page.locator('tfoot').getByText('15.000 ₫').waitFor();
    for (const [paper, name] of [
      ['Đơn đề nghị', 'don.pdf'],
      ['Tờ khai hải quan', 'to-khai.pdf'],
      ['Hóa đơn thương mại', 'hoa-don.pdf'],
    ]) {
      await page.getByLabel(paper).setInputFiles(pdf(name));
      await page.locator('.files').getByText(name).first().waitFor();
    }
    await page.getByRole('button', { name: 'Nộp hồ sơ' }).click();
    await page.getByText('Hồ sơ đã được nộp').waitFor();
    await inspect(page, 'filed');

    await press(page, 'Thanh toán trực tuyến');
    const paying = page.getByRole('form', { name: 'Thanh toán trực tuyến' });
    await paying.locator('option', { hasText: /^sandbox$/ }).waitFor({ state: 'attached' });
    assert.equal(await paying.getByLabel('Nộp qua').inputValue(), 'sandbox');
    await paying.getByRole('button', { name: 'Thanh toán trực tuyến' }).click();
    await page
      .getByRole('region', { name: 'Ngân hàng thử nghiệm' })
      .getByRole('button', { name: 'Thanh toán' })
      .click();
    await page.getByText('sandbox: 15.000 ₫ · đã thanh toán').waitFor();
    await page.getByText('đang chờ bộ phận một cửa').first().waitFor();
    await inspect(page, 'paid');
  }));

test('a dossier of a procedure that delivers no result is filed', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, '#/file/ENERGY.LABEL');
    await heading(page, /energy/);
    await page.getByLabel('Agency').selectOption('G02.002');
    assert.equal(await page.getByLabel('Delivery').count(), 0);
    for (const [field, value] of [
      ['company-name', 'Sao Mai'],
      ['company-tax_code', '0101234565'],
      ['product', 'lamp'],
      ['model', 'S2'],
      ['stars', '4'],
    ])
      await page.locator(`#f-${field}`).fill(value);
    for (const [paper, name] of [
      ['Declaration', 'declaration.pdf'],
      ['Test report', 'report.pdf'],
    ]) {
      await page.getByLabel(paper).setInputFiles(pdf(name));
      await page.locator('.files').getByText(name).first().waitFor();
    }
    await page.getByRole('button', { name: 'File the dossier' }).click();
    await page.getByText('The dossier was filed').waitFor();
  }));

test('each day of the period has its reason, and the supplement is answered', () =>
  open({ language: 'en' }, async (page) => {
    await page
      .getByRole('region', { name: 'Dossiers worth looking at' })
      .getByRole('button', { name: /waiting for a supplement/ })
      .click();
    const why = page.getByRole('region', { name: 'Why this date' });
    const days = why.getByRole('button');
    await days.first().waitFor();
    assert.ok((await days.count()) >= 9);
    await why.getByRole('button', { name: /24\/11/ }).click();
    await why.locator('.reason').getByText('Vietnam Culture Day').waitFor();
    await inspect(page, 'track');

    await page.getByText('The agency asks for a supplement').waitFor();
    await page.getByRole('button', { name: 'Submit the supplement' }).click();
    await page.getByLabel('Rules of the programme').setInputFiles(pdf('rules-again.pdf'));
    await page.getByText('rules-again.pdf').first().waitFor();
    await page.getByRole('button', { name: 'Submit the supplement' }).click();
    await page.getByText('The supplement was submitted.').waitFor();
    await page.getByText('waiting for the reviewer').first().waitFor();
  }));

test('a document that was filed is opened on the page', () =>
  open({ language: 'en' }, async (page) => {
    await page
      .getByRole('region', { name: 'Dossiers worth looking at' })
      .getByRole('button', { name: /waiting for a supplement/ })
      .click();
    await page.getByText('What was filed').click();
    await page.getByRole('button', { name: 'Registration form 02' }).click();
    await page.locator('iframe[title="scan.pdf"]').waitFor();
  }));

test('a dossier is looked up by its code without sign-in', () =>
  open({ language: 'en', viewport: PHONE, expected: [/404/] }, async (page) => {
    const story = page
      .getByRole('region', { name: 'Dossiers worth looking at' })
      .getByRole('button')
      .first();
    const code = /[A-Z]\d[\d.]*-\d{6}-\d+/.exec(await story.textContent())[0];
    await go(page, '#/look-up');
    await page.getByLabel('Code of the dossier').fill(`${code.slice(0, -1)}x`);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('There is no dossier with this code').waitFor();
    await page.getByLabel('Code of the dossier').fill(code);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText(/% completed/).waitFor();
    await inspect(page, 'look-up');
  }));

test('a complaint about a dossier is sent from its page', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Sao Mai/);
    await page.locator('.rows a').first().click();
    await page.getByText('Other actions').click();
    const form = page.getByRole('form', { name: 'Complain' });
    await form.getByLabel('Name').fill('Sao Mai');
    await form.getByLabel('Address').fill('12 Ngô Quyền, Hà Nội');
    await form.getByLabel('Telephone').fill('0912345678');
    await form.getByLabel('Text').fill('Nobody has answered for a week.');
    await form.getByRole('button', { name: 'Send the complaint' }).click();
    await page.getByText('The complaint was sent.').waitFor();
  }));

test('an applicant withdraws a dossier, and finds who read it', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Sao Mai/);
    await page
      .locator('.rows a')
      .filter({ hasText: /multi-level/ })
      .click();
    await page.getByText('Who read it').click();
    await page.getByText('Other actions').click();
    await page.getByRole('button', { name: 'Withdraw' }).click();
    const form = page.getByRole('form', { name: 'Withdraw' });
    await form.getByLabel('Reason').fill('The import was cancelled.');
    await inspect(page, 'withdraw');
    await form.getByRole('button', { name: 'Withdraw' }).click();
    await page.locator('.way').getByText('Withdrawn').waitFor();
  }));
