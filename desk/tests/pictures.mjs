// The pictures of the README, of a demo that was just created: `node desk/tests/pictures.mjs FOLDER`
// with the variables that `cargo xtask desk` sets.
import { join } from 'node:path';
import { browser, enter, go, heading, open, pdf, PHONE } from './harness.mjs';

const FOLDER = process.argv[2];
const WINDOW = { width: 1_100, height: 760 };

const take = (page, name) =>
  page.screenshot({ path: join(FOLDER, `${name}.jpg`), type: 'jpeg', quality: 60 });

await open({ language: 'en', viewport: WINDOW }, async (page) => {
  await page.getByRole('region', { name: 'Dossiers worth looking at' }).waitFor();
  await take(page, 'home');
  await page.locator('#stories ~ ul button').nth(1).click();
  const why = page.getByRole('region', { name: 'Why this date' });
  await why.getByRole('button', { name: /24\/11/ }).click();
  await why.scrollIntoViewIfNeeded();
  await take(page, 'why-this-date');
  await enter(page, /Minh/);
  await page.locator('.work li').first().waitFor();
  await take(page, 'work');
  await enter(page, /Hà/);
  await go(page, '#/figures');
  await page.locator('.plot rect').first().waitFor();
  await take(page, 'figures');
  await go(page, '#/dossiers');
  await page.locator('.rows a').first().click();
  await page.locator('.timeline li').first().waitFor();
  await take(page, 'dossier');
});

await open({ language: 'vi', viewport: PHONE, expected: [/422/] }, async (page) => {
  await enter(page, /Sao Mai/);
  await go(page, '#/file/CO.D');
  await heading(page, /mẫu D/);
  await page.getByLabel('Cơ quan').selectOption('G02.001');
  await page.getByRole('group', { name: 'Bên xuất khẩu' }).getByLabel('Mã số thuế').fill('12');
  await page.getByLabel('Đơn đề nghị').setInputFiles(pdf('don.pdf'));
  await page.getByRole('button', { name: 'Nộp hồ sơ' }).click();
  await page.getByText('Mã số thuế có 10 chữ số').waitFor();
  await page.getByRole('group', { name: 'Bên xuất khẩu' }).scrollIntoViewIfNeeded();
  await take(page, 'findings');
});

await browser.close();
