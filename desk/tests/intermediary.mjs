// An intermediary's day: a mandate is granted, accepted, used to file and to follow a dossier, and ended.
// Then the programs of a firm.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { enter, go, heading, inspect, open, PHONE, press } from './harness.mjs';
import { file } from './world.mjs';

test('a broker files and follows dossiers of a client by a mandate, until it is revoked', async () => {
  const { code } = await file('ENERGY.LABEL');
  await open({ language: 'en', expected: [/401/, /422/, /403/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await page.getByRole('link', { name: 'Mandates' }).click();
    const grant = page.getByRole('form', { name: 'Grant a mandate' });
    await grant.getByRole('button', { name: 'Grant a mandate' }).click();
    await grant.locator('.errors').first().waitFor();
    await inspect(page, 'mandate-findings');
    await grant.getByLabel(/Representative/).fill('broker-hai');
    await grant.getByLabel('Procedures').selectOption('ENERGY.LABEL');
    await grant.getByLabel('Last day').fill('2027-06-30');
    await grant.getByRole('button', { name: 'Grant a mandate' }).click();
    await page.getByText('Granted; the representative has to accept it.').waitFor();

    await enter(page, /Hải Phong/);
    await go(page, '#/mandates');
    await press(page, 'Accept the mandate');
    await page.getByText('The mandate was accepted.').waitFor();
    await inspect(page, 'mandates');
    await page.getByRole('button', { name: 'Act for company-1' }).first().click();
    await heading(page, 'My dossiers');
    await page.getByText('Acting for company-1').waitFor();
    await page.getByText(code).waitFor();
    await inspect(page, 'acting');
    await page.locator('.rows li', { hasText: code }).getByRole('link').click();
    await page.getByText('Other actions').click();
    await press(page, 'Withdraw');
    const form = page.getByRole('form', { name: 'Withdraw' });
    const reason = 'The client sells no lamps any more.';
    await form.getByLabel('Reason').fill(reason);
    // The session ends meanwhile: who signs in again still acts for the client.
    const ended = { type: 'urn:dossier:problem:token-expired', title: 'token expired', status: 401 };
    await page.route(
      '**/withdrawal',
      (route) =>
        route.fulfill({
          status: 401,
          contentType: 'application/problem+json',
          body: JSON.stringify(ended),
        }),
      { times: 1 },
    );
    await form.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('The session has expired.').waitFor();
    await page
      .getByRole('alert')
      .getByRole('region', { name: 'Sign in as' })
      .getByRole('button', { name: /Hải Phong/ })
      .click();
    await page.locator('.who span').waitFor();
    await page.getByText('Acting for company-1').waitFor();
    assert.equal(await form.getByLabel('Reason').inputValue(), reason);
    await form.getByRole('button', { name: 'Withdraw' }).click();
    await page.locator('.way').getByText('Withdrawn').waitFor();
    await press(page, 'Stop acting for them');
    await heading(page, 'Mandates');
    await go(page, '#/mine');
    await page.getByText('You have no dossiers yet.').waitFor();

    await enter(page, /Sao Mai/);
    await go(page, '#/mandates');
    const mandate = page.locator('.mandates > li', { hasText: 'in force' }).first();
    await mandate.getByLabel('Reason').fill('The contract has ended.');
    await mandate.getByRole('button', { name: 'Revoke the mandate' }).click();
    await page.getByText('The mandate was revoked.').waitFor();
    await page.locator('.mandates').getByText('revoked').first().waitFor();
  });
});

test('a clerk records a mandate on a deed, and its representative declines it', async () => {
  await open({ viewport: PHONE, expected: [/401/] }, async (page) => {
    await enter(page, /Lan/);
    await go(page, '#/mandates');
    const grant = page.getByRole('form', { name: 'Ủy quyền cho người khác' });
    await grant.getByLabel(/Người được ủy quyền/).fill('broker-hai');
    await grant.getByLabel(/^Người ủy quyền/).fill('company-2');
    await grant.getByLabel('Số văn bản ủy quyền').fill('12/2026/UQ');
    await grant.getByLabel('Căn cứ').selectOption('power_of_attorney');
    await inspect(page, 'mandate-deed');
    await grant.getByRole('button', { name: 'Ủy quyền cho người khác' }).click();
    await page.getByText('Đã ủy quyền; chờ người kia nhận.').waitFor();

    await enter(page, /Hải Phong/);
    await go(page, '#/mandates');
    await page
      .locator('.mandates > li', { hasText: 'company-2' })
      .getByRole('button', { name: 'Từ chối ủy quyền' })
      .first()
      .click();
    await page.getByText('Đã từ chối ủy quyền.').waitFor();
  });
});

test('a person of a firm registers its program and revokes it', async () => {
  const { PROGRAM, DATA } = process.env;
  const role = ['token', '--role', 'applicant', '--subject', 'person-of-firm'];
  const token = execFileSync(PROGRAM, [...role, '--on-behalf-of', '0101234565', '--data', DATA], {
    encoding: 'utf8',
  }).trim();
  await open({ language: 'en' }, async (page) => {
    await page.getByRole('region').first().waitFor();
    await page.evaluate(async (minted) => {
      const { signIn } = await import('/desk/api.js');
      await signIn(minted, 'Person of a firm');
    }, token);
    await go(page, '#/mandates');
    const form = page.getByRole('form', { name: 'Register the program' });
    await form.getByLabel('Name of the program').fill('ERP');
    await form.getByLabel(/Account of the program/).fill(`erp-${Date.now()}`);
    await form.getByRole('button', { name: 'Register the program' }).click();
    const programs = page.getByRole('region', { name: 'Programs of the firm' });
    const row = programs.locator('li', { hasText: 'valid until' }).first();
    await row.waitFor();
    await inspect(page, 'programs');
    await row.getByRole('button', { name: 'Revoke' }).click();
    await programs.getByText('no longer valid').first().waitFor();
  });
  assert.ok(token.length > 100);
});
