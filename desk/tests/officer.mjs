// Officers' day: work by remaining time, search, the steps of a dossier by four people, and a
// conflict between two of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stagesOf } from '../history.js';
import { browser, enter, go, heading, inspect, open, PHONE, SCREEN, ADDRESS } from './harness.mjs';

for (const [language, viewport, title] of [
  ['vi', PHONE, 'Việc của tôi'],
  ['en', SCREEN, 'My work'],
]) {
  test(`open tasks are listed by remaining time in ${language} at ${viewport.width} pixels`, () =>
    open({ language, viewport }, async (page) => {
      await enter(page, /Minh/);
      await heading(page, title);
      await page.locator('.work li').first().waitFor();
      await inspect(page, 'work');
    }));
}

test('a dossier is found by the tax code in its form and by its code', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Lan/);
    await go(page, '#/dossiers');
    await page.getByLabel(/Name, tax code/).fill('x');
    await page.keyboard.press('Enter');
    await page.getByText('At least 2 characters are needed').waitFor();
    await page.getByLabel(/Name, tax code/).fill('0101234565');
    await page.keyboard.press('Enter');
    await page.locator('.rows li').first().waitFor();
    await inspect(page, 'search');
    const code = await page.locator('.rows a').first().textContent();
    await page.getByLabel(/Name, tax code/).fill(code);
    await page.keyboard.press('Enter');
    await heading(page, code);
  }));

test('the page of a dossier has the form, documents, tasks and timeline in both languages', async () => {
  for (const [language, viewport] of [
    ['vi', PHONE],
    ['en', SCREEN],
  ]) {
    await open({ language, viewport }, async (page) => {
      await page.locator('#stories ~ ul button').first().click();
      await page.locator('.timeline li').first().waitFor();
      await page.locator('td.plot rect').first().waitFor();
      await inspect(page, 'dossier');
    });
  }
});

test('the time of a dossier is that of its stages, the applicant’s apart', () => {
  const at = (hour) => new Date(Date.UTC(2026, 10, 20, hour)).toISOString();
  const rows = [
    ['intake.DossierSubmitted', 0],
    ['intake.DossierAccepted', 1],
    ['review.ReviewClaimed', 2],
    ['intake.SupplementRequested', 3],
    ['intake.SupplementSubmitted', 7],
    ['review.DecisionProposed', 8],
    ['review.ProposalRejected', 9],
    ['review.DecisionProposed', 10],
    ['review.DecisionMade', 12],
  ].map(([event, hour]) => ({ event: `${event}.v1`, at: at(hour) }));
  const open_ = { submitted_at: at(0), elapsed_s: 15 * 3_600 };
  const hours = (more) =>
    stagesOf([...rows, ...more], open_).map(({ stage, seconds }) => [stage, seconds / 3_600]);
  const before = [
    ['reception', 1],
    ['processing', 4],
    ['approval', 3],
    ['applicant', 4],
  ];
  assert.deepEqual(hours([]), [...before, ['result', 3]]);
  const issued = { event: 'delivery.ResultIssued.v1', at: at(13) };
  const delivered = { event: 'delivery.ResultDelivered.v1', at: at(20) };
  const all = [...before, ['result', 1], ['delivery', 7]];
  assert.deepEqual(hours([issued, delivered]), all);
});

// The code of a dossier of a procedure that waits for a role.
async function take(page, person, task) {
  await enter(page, person);
  await heading(page, 'My work');
  const row = page
    .locator('.work li')
    .filter({ hasText: task })
    .filter({ hasText: /form D/ })
    .first();
  await row.getByRole('link').click();
  await page.locator('.timeline li').first().waitFor();
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

test('four people carry a dossier from acceptance to the issued result', () =>
  // A page that is left when its person signs out may still be loading: 401.
  open({ language: 'en', expected: [/401/, /422/] }, async (page) => {
    await take(page, /Lan/, /Accept/);
    const address = new URL(page.url()).hash;
    await press(page, 'Accept');
    await page.getByText('Accepted.').waitFor();

    await enter(page, /Minh/);
    await go(page, address);
    await press(page, 'Claim');
    await page.getByText('Claimed.').waitFor();
    await press(page, 'Complete the activity');
    const activity = page.getByRole('form', { name: 'Complete the activity' });
    await activity.getByLabel('Note').fill('Checked against the customs declaration.');
    await activity.getByRole('button', { name: 'Complete the activity' }).click();
    await page.getByText('The activity is complete.').waitFor();
    await press(page, 'Propose a decision');
    const proposal = page.getByRole('form', { name: 'Propose a decision' });
    await proposal.getByRole('button', { name: 'Propose a decision' }).click();
    await proposal.locator('.errors, .problem').first().waitFor();
    await proposal.getByLabel('Outcome').selectOption('approved');
    await proposal.getByLabel('Reason').fill('Complete and correct.');
    await proposal.getByRole('button', { name: 'Propose a decision' }).click();
    await page.getByText('Proposed.', { exact: true }).waitFor();

    await enter(page, /Hà/);
    await go(page, address);
    await page
      .getByRole('region', { name: 'Proposal that waits for approval' })
      .getByText('Complete and correct.')
      .waitFor();
    await inspect(page, 'proposal');
    await press(page, 'Approve');
    await page.getByText('Approved.', { exact: true }).waitFor();
    await press(page, 'Issue the result');
    const result = page.getByRole('form', { name: 'Issue the result' });
    await result.getByLabel('Document of the result').setInputFiles({
      name: 'result.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.from('%PDF-1.7 result'),
    });
    await result.getByText('result.pdf').waitFor();
    await result.getByRole('button', { name: 'Issue the result' }).click();
    await page.getByText('The result was issued.').waitFor();
    await page.locator('.way').getByText('Result issued').waitFor();
  }));

test('a step that came too late shows what changed and keeps what was typed', () =>
  open({ language: 'en', expected: [/412/] }, async (page) => {
    await page
      .locator('#stories ~ ul button')
      .filter({ hasText: /complaint/ })
      .click();
    await page.getByRole('button', { name: 'Claim', exact: true }).waitFor();
    const address = new URL(page.url()).hash;
    // Somebody else claims it in the meantime.
    const other = await browser.newPage();
    await other.addInitScript("localStorage.setItem('language', 'en')");
    await other.goto(`${ADDRESS}/`);
    await enter(other, /Minh/);
    await go(other, address);
    await press(other, 'Claim');
    await other.getByText('Claimed.').waitFor();
    await other.close();

    await press(page, 'Claim');
    const alert = page.getByRole('alert');
    await alert.getByText('The dossier changed after you opened it').waitFor();
    await alert.getByRole('row', { name: /Officer/ }).waitFor();
    await inspect(page, 'conflict');
    await press(page, 'Show the present state');
    await page.getByRole('button', { name: 'Complete the activity' }).waitFor();
  }));

for (const [language, viewport] of [
  ['vi', PHONE],
  ['en', SCREEN],
]) {
  test(`figures are plotted and lead to their dossiers in ${language}`, () =>
    open({ language, viewport }, async (page) => {
      await enter(page, /Hà/);
      await go(page, '#/figures');
      await page.locator('.plot rect').first().waitFor();
      await inspect(page, 'figures');
      const number = page.locator('.numbers a').first();
      const open_ = Number(/\d+/.exec(await number.textContent())[0]);
      assert.ok(open_ > 0);
      await number.click();
      await page.locator('.rows li').first().waitFor();
    }));
}

test('a complaint handler classifies and answers a complaint', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Yến/);
    await heading(page, 'Complaints');
    await inspect(page, 'complaints');
    await page.locator('.work a').first().click();
    await press(page, 'Classify');
    const classify = page.getByRole('form', { name: 'Classify' });
    await classify.getByLabel('Class').selectOption('conduct_or_delay');
    await inspect(page, 'complaint');
    await classify.getByRole('button', { name: 'Classify' }).click();
    await page.getByText('Classified.').waitFor();
    await press(page, 'Answer');
    const answer = page.getByRole('form', { name: 'Answer' });
    await answer.getByLabel('Answer').fill('An officer has it since today.');
    await answer.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('Answered.').waitFor();
  }));

test('an auditor sees who read a dossier', () =>
  open({ language: 'en' }, async (page) => {
    await enter(page, /Quang/);
    await heading(page, 'Dossiers');
    await page.locator('.rows a').first().click();
    await page.getByRole('heading', { name: 'Who read it' }).waitFor();
    await page
      .getByText('get_dossier')
      .or(page.getByText('GET /v1/dossiers/{dossier}'))
      .first()
      .waitFor();
  }));

test('the applicant and an officer exchange messages, and officers write notes', () =>
  open({ language: 'en', expected: [/401/, /422/] }, async (page) => {
    await enter(page, /Sao Mai/);
    await page
      .locator('.rows a')
      .filter({ hasText: /energy/ })
      .first()
      .click();
    const write = page.getByRole('form', { name: 'New message' });
    await write.getByRole('button').click();
    await write.locator('.errors').waitFor();
    await write.getByLabel('New message').fill('When will it be ready?');
    await write.getByRole('button').click();
    await page.locator('blockquote').getByText('When will it be ready?').waitFor();
    const address = new URL(page.url()).hash.replace('mine', 'dossiers');

    await enter(page, /Lan/);
    await go(page, address);
    await page.getByText('When will it be ready?').waitFor();
    await press(page, 'Mark as read');
    await page.getByText(/^read at/).waitFor();
    await page.getByRole('textbox', { name: 'New note' }).fill('Called the company.');
    await press(page, 'Add the note');
    await page.locator('blockquote').getByText('Called the company.').waitFor();
    await inspect(page, 'messages');
  }));

test('an uploaded XML document is saved and not shown as a page of the desk', () =>
  open({ language: 'en' }, async (page) => {
    const documents = '**/v1/dossiers/*/documents/*';
    const body = '<html xmlns="http://www.w3.org/1999/xhtml"><body>Please sign in</body></html>';
    await page.route(documents, (route) =>
      route.fulfill({ contentType: 'application/xml', body }),
    );
    await page.locator('#stories ~ ul button').first().click();
    await page.locator('ul.rows button[aria-expanded]').first().click();
    await page.locator('.beside figure').getByRole('button', { name: 'Save' }).waitFor();
    assert.equal(await page.locator('.beside iframe, .beside img').count(), 0);
  }));
