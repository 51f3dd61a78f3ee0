// Every step that a person takes has a place at the desk: the law's list of steps (docs/steps.md) and
// the API documents are compared with the tables of steps, and with the pages that take the others.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ALL_STEPS, BULK } from '../steps.js';

const root = new URL('../../', import.meta.url);
const textOf = (name) => readFileSync(new URL(name, root), 'utf8');

// Steps that no form of a dossier or complaint takes, with the page that does.
const PAGES = {
  submit_dossier: 'desk/citizen/filing.js',
  add_label: 'desk/officer/labels.js',
  remove_label: 'desk/officer/labels.js',
  add_note: 'desk/notes.js',
  withdraw_note: 'desk/notes.js',
  send_message: 'desk/notes.js',
  read_messages: 'desk/notes.js',
  file_complaint: 'desk/citizen/complain.js',
  grant_mandate: 'desk/citizen/mandates.js',
  accept_mandate: 'desk/citizen/mandates.js',
  decline_mandate: 'desk/citizen/mandates.js',
  revoke_mandate: 'desk/citizen/mandates.js',
  register_credential: 'desk/citizen/programs.js',
  revoke_credential: 'desk/citizen/programs.js',
  issue_rules: 'desk/ministry/rules-issue.js',
  sign_rules: 'desk/officer/rules.js',
  reject_rules: 'desk/officer/rules.js',
  withdraw_rules: 'desk/officer/rules.js',
  declare_outage: 'desk/ministry/outages.js',
  end_outage: 'desk/ministry/outages.js',
  record_unit: 'desk/ministry/people.js',
  record_officer: 'desk/ministry/people.js',
  record_absence: 'desk/ministry/people.js',
  end_absence: 'desk/ministry/people.js',
  import_statement: 'desk/books/statement.js',
  propose_closing: 'desk/books/closing.js',
  approve_closing: 'desk/books/closing.js',
  reject_closing: 'desk/books/closing.js',
  propose_correction: 'desk/books/corrections.js',
  enter_correction: 'desk/books/corrections.js',
  reject_correction: 'desk/books/corrections.js',
  start_payment_order: 'desk/citizen/pay-together.js',
  cancel_payment_order: 'desk/order.js',
  subscribe: 'desk/exchange/subscribers.js',
  change_subscriber: 'desk/exchange/subscriber.js',
  disable_subscriber: 'desk/exchange/subscriber.js',
  enable_subscriber: 'desk/exchange/subscriber.js',
  rotate_subscriber_secret: 'desk/exchange/subscriber.js',
  end_subscriber: 'desk/exchange/subscriber.js',
  replay_changes: 'desk/exchange/deliveries.js',
};

// Steps of programs, not of people, with the reason why the desk does not take them.
const ELSEWHERE = {
  take_notice: 'a payment provider reports it by its own program',
  take_carrier_notice: 'a carrier reports it by its own program',
};

const documents = readdirSync(new URL('openapi/', root))
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(textOf(`openapi/${name}`)));

// Operations by their id: address, roles, and the schema of the body.
const operations = new Map(
  documents.flatMap((document) =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => [
        operation.operationId,
        {
          path,
          roles: (operation.security ?? []).flatMap(({ token }) => token ?? []),
          body: bodyOf(document, operation),
          description: operation.description ?? '',
        },
      ]),
    ),
  ),
);

function bodyOf(document, { requestBody }) {
  let schema = requestBody?.content['application/json']?.schema ?? {};
  while (schema.$ref) schema = document.components.schemas[schema.$ref.split('/').pop()];
  return schema;
}

// The steps of the law that somebody takes.
const steps = [...textOf('docs/steps.md').matchAll(/^\| \[(\w+)\]\([^)]*\) \| [\w-]+ \| ([^|]+) \|/gm)]
  .filter(([, , who]) => !who.includes('the service itself'))
  .map(([, id, who]) => ({ id, roles: [...who.matchAll(/(\w+) \(/g)].map(([, role]) => role) }));

test('every step that a person takes has its place at the desk', () => {
  assert.ok(steps.length > 60, `${steps.length} steps`);
  const tables = new Set(ALL_STEPS.map(({ id }) => id));
  const lost = steps.filter(({ id }) => !tables.has(id) && !PAGES[id] && !ELSEWHERE[id]);
  assert.deepEqual(
    lost.map(({ id }) => id),
    [],
  );
  const known = new Set(steps.map(({ id }) => id));
  const named = [...tables, ...Object.keys(PAGES), ...Object.keys(ELSEWHERE)];
  assert.deepEqual(
    named.filter((id) => !known.has(id)),
    [],
    'steps that the law does not have',
  );
  assert.equal(new Set(named).size, named.length, 'a step with two places');
});

test('steps that are left to programs are taken by partners alone', () => {
  for (const id of Object.keys(ELSEWHERE)) {
    const { roles } = steps.find((one) => one.id === id);
    assert.ok(
      roles.every((role) => ['payment_provider', 'carrier'].includes(role)),
      id,
    );
  }
});

test('a page that takes a step names its address', () => {
  for (const [id, file] of Object.entries(PAGES)) {
    const text = textOf(file);
    const last = operations.get(id).path.split('/').filter((part) => !part.startsWith('{')).pop();
    assert.ok(text.includes(last), `${file} does not name ${last} of ${id}`);
  }
});

test('the tables have the addresses, roles and fields of the API', () => {
  for (const { id, of, path, roles, fields } of ALL_STEPS) {
    const operation = operations.get(id);
    const name = of === 'complaints' ? '{complaint}' : '{dossier}';
    assert.equal(operation.path, ['/v1', of, name, path].filter(Boolean).join('/'), id);
    const law = steps.find((one) => one.id === id);
    assert.deepEqual(roles.filter((role) => !law.roles.includes(role)), [], `${id}: roles`);
    const { properties = {}, required = [] } = operation.body;
    const has = fields.map((field) => field.name);
    assert.deepEqual(has.filter((field) => !(field in properties)), [], `${id}: fields`);
    assert.deepEqual(required.filter((field) => !has.includes(field)), [], `${id}: missing fields`);
  }
});

test('the API takes for several dossiers what the desk offers for them', () => {
  for (const id of BULK) {
    const { of } = ALL_STEPS.find((one) => one.id === id);
    const { description } = operations.get(`bulk_${of}`);
    assert.ok(description.includes(`\`${id}\``), `bulk_${of} does not take ${id}`);
  }
});
