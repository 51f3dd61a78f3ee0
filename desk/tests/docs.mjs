// The reference of the API where services have processes of their own, and a gateway leads to each: the
// server has the register only, and the demo stands in for the others behind the gateway.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ADDRESS, open } from './harness.mjs';
import { serve } from './served.mjs';

// The viewer's own logo, which is elsewhere, and what the gateway does not have.
const EXPECTED = [/cdn\.redoc\.ly/, /404/];

test('the reference offers the documents of all services to which a gateway leads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'desk-'));
  const served = await serve(folder, ['--services', 'register']);
  try {
    await open({ language: 'en', expected: EXPECTED }, async (page) => {
      const document = await (await fetch(`${ADDRESS}/openapi/review.json`)).text();
      await page.route('**/openapi/review.json', (route) =>
        route.fulfill({ contentType: 'application/json', body: document }),
      );
      await page.goto(`${served.address}/`);
      await page.getByRole('link', { name: 'API' }).click();
      const option = page.locator('#service option');
      await option.filter({ hasText: 'review' }).waitFor({ state: 'attached' });
      assert.deepEqual((await option.allTextContents()).sort(), ['process', 'register', 'review']);
      await page.locator('#service').selectOption('review');
      await page.locator('[id$="operation/claim_review"]').first().waitFor({ state: 'attached' });
      assert.equal(await page.locator('#service').inputValue(), 'review');
    });
  } finally {
    served.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
