// The shell: languages, keyboard, size, time, and what happens when something goes wrong.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ALL_STEPS } from '../steps.js';
import { ADDRESS, enter, go, heading, inspect, open, PHONE, SCREEN } from './harness.mjs';

const KILOBYTE = 1_000;
// Types of fields whose parts have labels of their own.
const OWN_LABELS = ['claims', 'delivery'];

for (const [language, viewport] of [
  ['vi', PHONE],
  ['en', SCREEN],
]) {
  test(`the first page is accessible in ${language} at ${viewport.width} pixels`, () =>
    open({ language, viewport }, async (page) => {
      await page.getByRole('region').first().waitFor();
      await inspect(page, 'home');
    }));
}

test('dark colours have enough contrast too', () =>
  open({ language: 'en', colors: 'dark' }, async (page) => {
    await page
      .locator('#stories ~ ul button')
      .filter({ hasText: /supplement/ })
      .click();
    await page.getByRole('region', { name: 'Why this date' }).waitFor();
    await inspect(page, 'dark');
    await enter(page, /Hà/);
    await go(page, '#/dossiers?missed=true');
    await page.locator('.due.late').first().waitFor();
    await inspect(page, 'dark-list');
  }));

test('the first view is transferred in fewer than 150 kilobytes', () =>
  open({}, async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.reload();
    await page.getByRole('region').first().waitFor();
    assert.ok(bytes > 10 * KILOBYTE && bytes < 150 * KILOBYTE, `${bytes} bytes`);
    console.log(`first view: ${bytes} bytes`);
  }));

const folder = new URL('../', import.meta.url);
const textOf = (name) => readFileSync(new URL(name, folder), 'utf8');

test('all texts that the pages name exist in both languages', () => {
  const files = (language) =>
    readdirSync(new URL('text/', folder)).filter((name) => name.startsWith(language));
  const keys = (language) =>
    files(language).flatMap((name) =>
      [...textOf(`text/${name}`).matchAll(/^ {2}'((?:[^'\\]|\\.)*)':/gm)].map(([, key]) => key),
    );
  assert.ok(keys('vi').length > 300);
  assert.deepEqual(keys('vi'), keys('en'));
  const known = new Set(keys('en'));
  const names = readdirSync(folder, { recursive: true }).filter((name) =>
    /^(?!tests|vendor|text).*\.js$/.test(name),
  );
  assert.ok(names.length > 20);
  for (const name of names) {
    for (const [, key] of textOf(name).matchAll(/\bt\('([^']+)'/g))
      assert.ok(known.has(key), `${name}: ${key}`);
  }
  for (const { id, fields } of ALL_STEPS) {
    assert.ok(known.has(`step.${id}`) && known.has(`done.${id}`), id);
    for (const { from, label, name, type } of fields)
      assert.ok(
        from || OWN_LABELS.includes(type) || known.has(label ?? `step.field.${name}`),
        `${id}: ${name}`,
      );
  }
});

test('a switch changes the language and the pages stay where they are', () =>
  open({}, async (page) => {
    await go(page, '#/procedures');
    await heading(page, 'Thủ tục');
    await page.getByRole('button', { name: 'English' }).click();
    await heading(page, 'Procedures');
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  }));

test('the desk can be used with the keyboard alone', () =>
  open({ language: 'en' }, async (page) => {
    await page.getByRole('region', { name: 'Sign in as' }).waitFor();
    // From the heading, which has the focus, forward to the first person.
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    for (let n = 0; n < 30 && !(await focused()).includes('Sao Mai'); n += 1)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await heading(page, 'My dossiers');
    await page.waitForFunction(() => document.activeElement.tagName === 'H1');
  }));

test('a page that needs somebody asks to sign in, and is then shown', () =>
  open({ language: 'en' }, async (page) => {
    await go(page, '#/figures');
    await heading(page, 'Sign in');
    await page.getByRole('button', { name: /Hà/ }).first().click();
    await heading(page, 'Figures');
  }));

test('an unknown address leads back', () =>
  open({ language: 'en' }, async (page) => {
    await go(page, '#/nowhere');
    await heading(page, 'There is no such page');
    await inspect(page, 'lost');
  }));

test('a server that is away is named, nothing typed is lost, and trying again works', () =>
  open({ language: 'en', expected: [/ERR_CONNECTION/, /404/] }, async (page) => {
    await go(page, '#/look-up');
    const code = page.getByLabel('Code of the dossier');
    await code.fill('G02.001-261119-0000000000');
    const lookup = '**/v1/register/lookup/**';
    await page.route(lookup, (route) => route.abort('connectionrefused'));
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
    assert.equal(await code.inputValue(), 'G02.001-261119-0000000000');
    await inspect(page, 'away');
    await page.unroute(lookup);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('There is no dossier with this code').waitFor();
  }));

test('an expired session asks to sign in again and keeps what was typed', () =>
  open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await go(page, '#/file/2.000004');
    const name = page.getByLabel('Name').first();
    await name.fill('Siêu thị Hoa Sen');
    await page.route('**/v1/dossiers', (route) =>
      route.fulfill({
        status: 401,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'urn:dossier:problem:token-invalid',
          title: 'token expired',
          status: 401,
        }),
      }),
    );
    await page.getByRole('button', { name: 'File the dossier' }).click();
    await page.getByText('The session has expired.').waitFor();
    await page
      .getByRole('alert')
      .getByRole('region', { name: 'Sign in as' })
      .getByRole('button', { name: /Sao Mai/ })
      .click();
    await page.locator('.who span').waitFor();
    assert.equal(await name.inputValue(), 'Siêu thị Hoa Sen');
  }));

test('the time of the demo is moved from the desk', () =>
  open({ language: 'en' }, async (page) => {
    const bar = page.getByRole('complementary', { name: 'Time of the demo' });
    const shown = () => bar.locator('time').getAttribute('datetime');
    const before = Date.parse(await shown());
    await bar.getByRole('button', { name: '+1 hour' }).click();
    await page.waitForFunction(
      (earlier) => Date.parse(document.querySelector('.time-bar time').dateTime) > earlier,
      before,
    );
    assert.equal(Date.parse(await shown()) - before, 3_600_000);
  }));

// The viewer's own logo, which is elsewhere.
const LOGO = /cdn\.redoc\.ly/;

test('the reference of the API shows all operations of a service under its policy', () =>
  open({ expected: [LOGO] }, async (page) => {
    await page.goto(`${ADDRESS}/docs`);
    await page.locator('#service option').first().waitFor({ state: 'attached' });
    await page.goto(`${ADDRESS}/docs?service=process`);
    const document = await (await fetch(`${ADDRESS}/openapi/process.json`)).json();
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    assert.ok(operations.length > 3);
    for (const { operationId: id } of operations) {
      await page.locator(`[id$="operation/${id}"]`).first().waitFor({ state: 'attached' });
    }
  }));

test('the end of a session does not end that of the next person', () =>
  open({ language: 'en', expected: [/401/] }, async (page) => {
    const { name, expired } = await page.evaluate(async () => {
      const { begin, session, signOut } = await import('/desk/session.js');
      const endsAt = new Date(Date.now() + 3_600_000).toISOString();
      const person = (subject, name) => begin({ token: subject, subject, roles: [], endsAt, name });
      person('a', 'A');
      const { expire } = session();
      signOut();
      person('b', 'B');
      expire();
      const { name } = session();
      session().expire();
      return { name, expired: session().expired };
    });
    assert.deepEqual({ name, expired }, { name: 'B', expired: true });
  }));
