// Measures how long an officer waits for pages of a server that runs: `cargo xtask desk --measure ADDRESS`.
// A page can be used when its first row is seen, lies under no other element, and the browser has time
// for a click. Each run has an empty cache; the pages after the first one are opened in its session.
import { ADDRESS, browser, SCREEN } from './harness.mjs';

const { TOKEN, WORDS, RUNS = '5' } = process.env;
const runs = Number(RUNS);
const WAIT_MS = 120_000;

// What people click first: the name of each page, its address and its first row.
const PAGES = [
  ['work', '#/work', '.work li a'],
  ['dossiers', '#/dossiers', '.rows li a'],
  ['search', () => `#/dossiers?q=${encodeURIComponent(words)}`, '.rows li a'],
  ['figures', '#/figures', '.page table tbody tr, .plot rect'],
  ['dossier', () => dossier, '.timeline li'],
];

// Words that find something, and a dossier of the list: known when the list was shown.
let words = WORDS;
let dossier;

// Counts what comes over the wire. The result resolves to the sums since it was called last, once no
// request of the page is open.
async function counter(context, page) {
  const counted = { bytes: 0, requests: 0 };
  const open = new Set();
  page.on('request', (request) => open.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request));
  const wire = await context.newCDPSession(page);
  await wire.send('Network.enable');
  wire.on('Network.loadingFinished', ({ encodedDataLength: bytes }) => {
    counted.bytes += bytes;
    counted.requests += 1;
  });
  return async () => {
    while (open.size) await Promise.race(['requestfinished', 'requestfailed'].map((end) => page.waitForEvent(end)));
    const now = { ...counted };
    Object.assign(counted, { bytes: 0, requests: 0 });
    return now;
  };
}

// In the page: begins with `begin`, and resolves to the milliseconds until `selector` can be used.
function untilUsable({ selector, begin, argument, limit }) {
  // The rows of the page before are not those that are waited for.
  if (begin === 'address') document.querySelector('main .page')?.setAttribute('data-left', '');
  const start = begin === 'navigation' ? 0 : performance.now();
  if (begin === 'address') location.hash = argument;
  if (begin === 'sign-in') document.querySelector('main form button.main').click();
  const isUsable = () => {
    for (const found of document.querySelectorAll(selector)) {
      if (found.closest('[data-left]')) continue;
      found.scrollIntoView({ block: 'nearest' });
      const { x, y, width, height } = found.getBoundingClientRect();
      if (!width || !height) continue;
      const above = document.elementFromPoint(x + width / 2, y + height / 2);
      if (above && (found.contains(above) || above.contains(found))) return true;
    }
    return false;
  };
  // A list without rows is an outcome too.
  const isEmpty = () =>
    document.querySelector('main .page:not([data-left]) p[role=status]:not(.loading)')?.textContent.endsWith(' 0');
  return new Promise((resolve, reject) => {
    const look = () => {
      if (isEmpty()) {
        resolve(undefined);
      } else if (isUsable()) {
        // The frame that shows it, and then a task of its own, as a click would be.
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
      } else if (performance.now() - start > limit) {
        reject(new Error(`${selector} was not there in ${limit} ms: ${document.querySelector('main').innerText.slice(0, 500)}`));
      } else requestAnimationFrame(look);
    };
    look();
  });
}

const measured = new Map();
function keep(name, ms, { bytes, requests }) {
  const rows = measured.get(name) ?? [];
  if (ms === undefined) console.error(`${name}: nothing is listed, so nothing was measured`);
  else measured.set(name, [...rows, { ms, bytes, requests }]);
}

async function once() {
  const context = await browser.newContext({ viewport: SCREEN });
  await context.addInitScript("localStorage.setItem('language', 'vi')");
  const page = await context.newPage();
  const count = await counter(context, page);
  const usable = (selector, begin, argument) =>
    page.evaluate(untilUsable, { selector, begin, argument, limit: WAIT_MS });
  // The first view: a person who is not signed in opens the desk at the list of dossiers.
  await page.goto(`${ADDRESS}/#/dossiers`, { waitUntil: 'commit', timeout: WAIT_MS });
  await page.waitForFunction(() => document.querySelector('main'), undefined, { timeout: WAIT_MS });
  const field = '#token';
  keep('first view', await usable(field, 'navigation'), await count());
  await page.locator(field).fill(TOKEN);
  keep('signed in, dossiers', await usable(PAGES[1][2], 'sign-in'), await count());
  const first = page.locator(PAGES[1][2]).first();
  if (!(await first.count())) throw new Error('the officer has no dossiers; take a token of an agency that has some');
  dossier = await first.getAttribute('href');
  words ??= (await page.locator('.rows li b').first().textContent()).trim();
  for (const [name, address, selector] of PAGES) {
    const to = typeof address === 'string' ? address : address();
    keep(name, await usable(selector, 'address', to), await count());
  }
  await context.close();
}

for (let run = 0; run < runs; run += 1) await once();

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(`${runs} runs at ${ADDRESS}, words: ${words}`);
console.log(['page', 'requests', 'bytes', 'median ms', 'worst ms'].join('\t'));
for (const [name, rows] of measured) {
  const times = rows.map(({ ms }) => ms);
  const whole = [middle(rows.map((one) => one.requests)), middle(rows.map((one) => one.bytes))];
  console.log([name, ...whole, Math.round(middle(times)), Math.round(Math.max(...times))].join('\t'));
}
await browser.close();
