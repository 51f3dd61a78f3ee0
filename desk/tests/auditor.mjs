// The day of an auditor: who read a person's data, the register of dossiers, and exports.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { enter, go, heading, inspect, open } from './harness.mjs';
import { BOTH, inspectAll } from './pages.mjs';

for (const [language, viewport] of BOTH) {
  test(`an auditor sees who read a person's data in ${language} at ${viewport.width} pixels`, () =>
    open({ language, viewport }, async (page) => {
      await enter(page, /Minh/);
      await page.locator('.work li a').first().click();
      await page.locator('.timeline li').first().waitFor();
      await enter(page, /Quang/);
      await go(page, '#/audit?q=sao%20mai');
      await page.locator('tbody').getByText('reviewer-minh').first().waitFor();
      await page.locator('tbody').getByText('get_dossier', { exact: true }).first().waitFor();
      await inspect(page, 'audit');
      await inspectAll(page, {
        book: '#/audit/book?from=2026-10-01&to=2026-11-20',
        exports: '#/audit/exports',
      });
    }));
}

test('an export is complete by its digest, and the register is a PDF', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Quang/);
    await go(page, '#/audit/exports');
    const [rows] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    assert.match(readFileSync(await rows.path(), 'utf8'), /^dossier,code,procedure/);
    const same = page.locator('.facts div', { hasText: 'Is that of the file' });
    await same.getByText('Yes').waitFor();
    await go(page, '#/audit/book?from=2026-10-01&to=2026-11-20');
    const [book] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Get the PDF' }).click(),
    ]);
    assert.equal(
      readFileSync(await book.path())
        .subarray(0, 5)
        .toString(),
      '%PDF-',
    );
  }));

test('an auditor sees what one officer has read, from the reads of a person', () =>
  open({ language: 'en', expected: [/401/] }, async (page) => {
    await enter(page, /Minh/);
    await page.locator('.work li a').first().click();
    await page.locator('.timeline li').first().waitFor();
    const dossier = new URL(page.url()).hash.split('/').pop();
    await enter(page, /Quang/);
    await go(page, '#/audit?q=sao%20mai');
    await page.getByRole('link', { name: 'reviewer-minh' }).first().click();
    await heading(page, 'Reads by a person');
    assert.equal(await page.getByLabel('Account of the reader').inputValue(), 'reviewer-minh');
    await page.locator('tbody').getByText('get_dossier', { exact: true }).first().waitFor();
    await page.locator(`tbody a[href="#/dossiers/${dossier}"]`).first().waitFor();
    await inspect(page, 'audit-reader');
    await page.getByLabel('Account of the reader').fill('nobody-there');
    await page.keyboard.press('Enter');
    await page.getByText('0 found').waitFor();
  }));
