// The reference of the API where services have processes of their own, and a gateway leads to each: the
// script is that of a process with the register only, and one of the others is not behind the gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS, open } from './harness.mjs';

// The viewer's own logo, which is elsewhere, and what the gateway does not have.
const EXPECTED = [/cdn\.redoc\.ly/, /404/];
const LISTS = /^const services = \[.*\];\nconst others = \[\];\n/;
const OF_REGISTER = 'const services = ["register", "process"];\nconst others = ["review", "intake"];\n';

test('the reference offers the documents of all services to which a gateway leads', () =>
  open({ language: 'en', expected: EXPECTED }, async (page) => {
    const script = await (await fetch(`${ADDRESS}/docs.js`)).text();
    assert.match(script, LISTS);
    await page.route('**/docs.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script.replace(LISTS, OF_REGISTER) }),
    );
    await page.route('**/openapi/intake.json', (route) => route.fulfill({ status: 404, body: '' }));
    await page.getByRole('link', { name: 'API reference' }).click();
    const option = page.locator('#service option');
    await option.filter({ hasText: 'review' }).waitFor({ state: 'attached' });
    assert.deepEqual(await option.allTextContents(), ['register', 'process', 'review']);
    await page.locator('#service').selectOption('review');
    await page.locator('[id$="operation/claim_review"]').first().waitFor({ state: 'attached' });
    assert.equal(await page.locator('#service').inputValue(), 'review');
  }));
