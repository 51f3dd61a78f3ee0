// Claims to a group that reduces the fee, under rules that want them confirmed by an officer. These rules
// are issued here, so this comes after the tests of the rules of the demo.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enter, go, inspect, open, PHONE, press } from './harness.mjs';
import { call, file, report, step, until, upload } from './world.mjs';

// The next version of the certificate of origin, in which digital citizens prove it.
async function issueRules() {
  const { body: known } = await call('company-1', 'GET', '/v1/procedures/CO.D');
  if (known.group_evidence.some((one) => one.component === 'identity')) return;
  const at = `/v1/rules/procedure/CO.D/${known.version}`;
  const { body: rules } = await call('operator-dung', 'GET', at);
  const { body: demo } = await call('operator-dung', 'GET', '/demo');
  const version = known.version + 1;
  const from = demo.now.slice(0, 10);
  const text = rules.text
    .replace(/^version: \d+/m, `version: ${version}`)
    .replace(/^issued: .*/m, `issued: ${from}`)
    .replace(/^effective: .*/m, `effective: { from: ${from} }`)
    .replace(
      'documents:\n',
      'documents:\n  - { code: identity, name: { vi: Thẻ định danh, en: Identity card }, required: false }\n',
    )
    .replace('{ group: digital_citizen }', '{ group: digital_citizen, evidence: identity }');
  await call('operator-dung', 'POST', '/v1/rules', { kind: 'procedure', text });
  const issued = `/v1/rules/procedure/CO.D/${version}`;
  const { body, etag } = await call('operator-lien', 'GET', issued);
  if (body.status === 'awaiting_signature')
    await call('operator-lien', 'POST', `${issued}/signature`, {}, { 'If-Match': etag });
}

// A dossier with a claim whose reduced fee was paid.
async function claimed() {
  await issueRules();
  const identity = {
    component: 'identity',
    file_name: 'id.pdf',
    document: await upload('company-1', 'identity'),
  };
  const { id } = await file('CO.D', { groups: ['digital_citizen'] }, 'company-1', [identity]);
  await until('company-1', `/v1/payments/${id}`, (one) => one.total_vnd === 15_000);
  const { body } = await step('company-1', 'payments', id, 'attempts', { provider: 'sandbox' });
  await report(body.attempts[0].reference, 15_000);
  await until('clerk-lan', `/v1/dossiers/${id}`, (one) => one.fee_received);
  return id;
}

test('a clerk rejects a claim to a reduced fee with a reason, and the rest of the fee is owed', async () => {
  const id = await claimed();
  await open({ language: 'en', expected: [/422/] }, async (page) => {
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await press(page, 'Accept');
    const form = page.getByRole('form', { name: 'Accept' });
    await form.getByLabel(/Belongs to the group/).selectOption('false');
    await form.getByRole('button', { name: 'Accept' }).click();
    await form.locator('.wrong').getByLabel('Reason').waitFor();
    await form.getByLabel('Reason').fill('The card has expired.');
    await inspect(page, 'claim');
    await form.getByRole('button', { name: 'Accept' }).click();
    await page.getByText(/The claim was decided/).waitFor();
  });
  const { body: owed } = await until(
    'company-1',
    `/v1/payments/${id}`,
    (one) => one.outstanding_vnd === 15_000,
  );
  assert.equal(owed.total_vnd, 30_000);
});

test('a claim that was rejected by mistake is confirmed after all while the rest is unpaid', async () => {
  const id = await claimed();
  const claims = [{ group: 'digital_citizen', confirmed: false, reason: 'Thẻ đã hết hạn.' }];
  await step('clerk-lan', 'dossiers', id, 'acceptance', { claims });
  await until('company-1', `/v1/payments/${id}`, (one) => one.outstanding_vnd === 15_000);
  await open({ viewport: PHONE, expected: [/422/] }, async (page) => {
    // The applicant reads why.
    await enter(page, /Sao Mai/);
    await go(page, `#/mine/${id}`);
    await page.getByText('Thẻ đã hết hạn.').waitFor();
    await inspect(page, 'claim-rejected');
    await enter(page, /Lan/);
    await go(page, `#/dossiers/${id}`);
    await page.getByText('Thao tác khác').click();
    const name = 'Xác nhận lại đề nghị giảm phí đã bị bác';
    await press(page, name);
    const form = page.getByRole('form', { name });
    await form.getByText(/Thẻ đã hết hạn/).waitFor();
    await form.getByRole('button', { name }).click();
    await form.locator('.wrong').getByLabel('Lý do').waitFor();
    await form.getByLabel('Lý do').fill('Đã xuất trình thẻ mới.');
    await inspect(page, 'claim-again');
    await form.getByRole('button', { name }).click();
    await page.getByText('Đã xác nhận; phí, lệ phí được tính lại.').waitFor();
    await page.getByText('Đã xuất trình thẻ mới.').first().waitFor();
    // It can be accepted now; what was confirmed is not offered again.
    await page.getByRole('button', { name: 'Tiếp nhận', exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name }).count(), 0);
  });
  const { body } = await until('company-1', `/v1/payments/${id}`, (one) => one.total_vnd === 15_000);
  assert.equal(body.outstanding_vnd, 0);
});
