// Runs all tests of the desk in one browser, within a limit of time.
import { after } from 'node:test';
import { browser } from './harness.mjs';
import './places.mjs';
import './shell.mjs';
import './citizen.mjs';
import './officer.mjs';
import './ministry.mjs';
import './rules.mjs';
import './operator.mjs';
import './auditor.mjs';
import './clerk.mjs';
import './reviewer.mjs';
import './cashier.mjs';
import './books.mjs';
import './intermediary.mjs';
import './orders.mjs';
import './batch.mjs';
import './after.mjs';
import './complaints.mjs';
import './appointments.mjs';
import './phone.mjs';
import './claims.mjs';
import './provider.mjs';
import './partners.mjs';
import './pay.mjs';
import './subscribers.mjs';
import './docs.mjs';
import './steps.mjs';
import './differences.mjs';
import './fees.mjs';
// Last, for it moves the time of the demo by days.
import './later.mjs';

// About 4 min on an idle machine with two cores; other checks run beside it.
const LIMIT_MS = 1_500_000;

const limit = setTimeout(() => {
  console.error(`the tests of the desk took longer than ${LIMIT_MS / 1_000} s`);
  process.exit(1);
}, LIMIT_MS);

after(async () => {
  clearTimeout(limit);
  await browser.close();
});
