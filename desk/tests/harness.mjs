// A real browser for the tests, and what holds for every page: no errors in the console, nothing
// wider than the window, and no findings of axe-core (WCAG 2.2 AA).
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// Set by `cargo xtask desk`.
export const { ADDRESS, CHROMIUM, PACKAGES, SHOTS } = process.env;
const require = createRequire(join(PACKAGES, 'node_modules', 'x.js'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WAIT_MS = Number(process.env.WAIT_MS ?? 60_000);

export const PHONE = { width: 360, height: 740 };
export const SCREEN = { width: 1_280, height: 800 };

mkdirSync(SHOTS, { recursive: true });
export const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });

// Opens the desk in a language, a size of window and a scheme of colours, and passes it to `use`. `expected` are errors
// in the console that the test causes.
export async function open(
  { language = 'vi', viewport = SCREEN, colors = 'light', expected = [] },
  use,
) {
  const context = await browser.newContext({
    viewport,
    colorScheme: colors,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(WAIT_MS);
  await context.addInitScript(`localStorage.setItem('language', '${language}')`);
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
  page.on('console', (message) => {
    const line = `${message.text()} ${message.location().url}`;
    if (['error', 'warning'].includes(message.type())) errors.push(line);
  });
  try {
    await page.goto(`${ADDRESS}/`);
    await use(page);
    const unexpected = errors.filter((line) => !expected.some((pattern) => pattern.test(line)));
    assert.deepEqual(unexpected, []);
  } catch (error) {
    // A picture that cannot be taken must not hide the error.
    await page.screenshot({ path: join(SHOTS, 'failed.png'), fullPage: true }).catch(() => {});
    throw error;
  } finally {
    await context.close();
  }
}

// Checks a page as it is shown now, and keeps a picture of it.
export async function inspect(page, name) {
  const { width } = page.viewportSize();
  const { lang } = await page.evaluate(() => ({ lang: document.documentElement.lang }));
  await page.screenshot({ path: join(SHOTS, `${name}-${lang}-${width}.png`), fullPage: true });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${name} is ${over} pixels wider than the window`);
  // The policy forbids inline scripts; the debugger's evaluation is not one.
  await page.evaluate(`${AXE};undefined`);
  const found = await page.evaluate(
    (values) => axe.run(document, { runOnly: { type: 'tag', values } }),
    RULES,
  );
  // The report: a line for each page that was checked.
  const line = [name, lang, width, found.violations.length, found.passes.length].join('\t');
  appendFileSync(join(SHOTS, '..', 'axe.tsv'), `${line}\n`);
  const findings = found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${name}: ${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`),
  );
  assert.deepEqual(findings, []);
}

// Signs in as a person of the demo, by the beginning of the name.
export async function enter(page, name) {
  const out = page.getByRole('button', { name: /^(Đăng xuất|Sign out)$/ });
  if (await out.isVisible()) await out.click();
  await page.goto(`${ADDRESS}/#/sign-in`);
  await page
    .getByRole('region', { name: /Đăng nhập với vai trò|Sign in as/ })
    .getByRole('button', { name })
    .click();
  await page.locator('.who span').waitFor();
}

// Opens a page by its address within the session, which a reload would end.
export async function go(page, address) {
  await page.evaluate((hash) => (location.hash = hash), address);
}

export const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

export const pdf = (name) => ({
  name,
  mimeType: 'application/pdf',
  buffer: Buffer.from(`%PDF-1.7 ${name}`),
});
