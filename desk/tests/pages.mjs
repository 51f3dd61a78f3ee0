// Pages that are checked one after the other.
import { go, inspect, PHONE, SCREEN } from './harness.mjs';

// Both languages, one of them at the width of a phone.
export const BOTH = [
  ['en', SCREEN],
  ['vi', PHONE],
];

const loaded = async (page) => {
  await page.locator('main h1').waitFor();
  await page.locator('.loading').first().waitFor({ state: 'detached' });
};

// Opens each page, checks it and keeps its picture.
export async function inspectAll(page, addresses) {
  for (const [name, address] of Object.entries(addresses)) {
    await go(page, address);
    await page.waitForFunction((hash) => location.hash === hash, address);
    await loaded(page);
    await inspect(page, name);
  }
}

// The time of the demo.
export const shownTime = (page) => page.locator('.time-bar time').getAttribute('datetime');
