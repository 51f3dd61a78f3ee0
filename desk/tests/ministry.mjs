// The day of a head of a unit: figures as plots, and every number leads to its dossiers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, heading, inspect, open } from './harness.mjs';
import { BOTH, inspectAll } from './pages.mjs';

for (const [language, viewport] of BOTH) {
  test(`figures are plots with a table beside each in ${language} at ${viewport.width} pixels`, () =>
    open({ language, viewport }, async (page) => {
      await enter(page, /Hà/);
      await go(page, '#/figures');
      await page.locator('.plot rect').first().waitFor();
      await page.locator('.columns-plot rect').first().waitFor();
      await inspect(page, 'figures');
      await inspectAll(page, {
        'figures-months': '#/figures?by=month',
        'figures-dossiers': '#/figures/dossiers?figure=handled',
        'figures-targets': '#/figures/targets',
        'figures-ratings': '#/figures/ratings',
        'figures-public': '#/figures/public',
      });
    }));
}

test('every number of the figures leads to as many dossiers', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Hà/);
    let followed = 0;
    for (const by of ['procedure', 'officer', 'month']) {
      await go(page, `#/figures?by=${by}`);
      await page.locator('.plot rect').first().waitFor();
      const links = await page
        .locator('a.counted')
        .evaluateAll((all) =>
          all.map((link) => [
            link.getAttribute('href'),
            Number(link.textContent.replaceAll(',', '')),
          ]),
        );
      // The cards and the remaining time are the same for each group.
      const chosen = by === 'procedure' ? links : links.slice(-12);
      for (const [address, number] of chosen) {
        await go(page, address);
        await heading(page, /^Dossiers: /);
        await page.getByText(/^\d+ of \d+ dossiers$/).waitFor();
        const more = page.getByRole('button', { name: 'Show more' });
        while (await more.isVisible()) {
          const before = await page.locator('.rows li').count();
          await more.click();
          await page.waitForFunction(
            (n) => document.querySelectorAll('.rows li').length > n,
            before,
          );
        }
        await page.getByText(`${number} of ${number} dossiers`, { exact: true }).waitFor();
        assert.equal(await page.locator('.rows li').count(), number, address);
        followed += 1;
      }
    }
    assert.ok(followed > 20, `${followed} numbers`);
    await page.locator('.rows a').first().click();
    await page.locator('.timeline li').first().waitFor();
  }));

test('public figures need no sign-in', () =>
  open({ language: 'en' }, async (page) => {
    await go(page, '#/figures/public');
    await heading(page, 'Public figures');
    await page.locator('td.plot rect').first().waitFor();
    await page.getByText(/about at least 10 dossiers/).waitFor();
  }));
