// File many dossiers of a procedure by a list, with an outcome for each row.
import { newKey, post, read } from '../api.js';
import { Delivery, firstDelivery } from '../delivery.js';
import { changed, labelOf } from '../forms.js';
import { both, code, nameOf, number, t } from '../i18n.js';
import { Action, Field, hasRole, Loaded, Page, ProblemBox, Select } from '../parts.js';
import { session } from '../session.js';
import { save, Uploads } from '../uploads.js';
import { html, useLoad, useRef, useState } from '../view.js';
import { BatchRows } from './batch-rows.js';
import { columnsOf, dossierOf, FINDINGS, PAPER, rowsOf, textOf, unknownOf } from './sheet.js';

// What one request may have: 100 dossiers, in fewer bytes than the API takes.
const ITEMS_MAX = 100;
const BYTES_MAX = 400_000;
const ROWS_MAX = 2_000;

// What became of the lists that were sent in this session: outcomes by row, and the requests of which it
// is unknown what became of them. These are sent again as they were, with the same key, before others
// are: so a repetition files nothing twice, also if the same list is chosen anew.
const sentLists = new Map();
const LISTS_MAX = 10;

function keep(name, sent) {
  sentLists.delete(name);
  sentLists.set(name, sent);
  if (sentLists.size > LISTS_MAX) sentLists.delete(sentLists.keys().next().value);
}

export function Batch({ code: procedure }) {
  const loaded = useLoad(async () => {
    const [shown, agencies] = await Promise.all([
      read(`/v1/procedures/${encodeURIComponent(procedure)}`),
      read('/v1/agencies', { procedure, limit: 100 }),
    ]);
    return { procedure: shown.body, agencies: agencies.body };
  }, [procedure]);
  return html`<${Loaded} of=${loaded}>${(data) => html`<${Form} ...${data} />`}<//>`;
}

function Form({ procedure, agencies }) {
  const byClerk = hasRole('clerk');
  const channels = byClerk ? procedure.channels.filter((one) => one !== 'online') : ['online'];
  const [shared, setShared] = useState({
    agency: agencies.length === 1 ? agencies[0].code : undefined,
    channel: channels[0],
    delivery: firstDelivery(procedure),
  });
  const [files, setFiles] = useState({});
  const [list, setList] = useState();
  const [problem, setProblem] = useState();
  const [outcomes, setShown] = useState(new Map());
  const unknown = useRef([]);
  const setOutcomes = (found) => {
    setShown(found);
    if (list) keep(list.name, { outcomes: found, unknown: unknown.current });
  };
  const set = (path, part) => setShared((before) => changed(before, path, part));
  const choose = async (file) => {
    setProblem(undefined);
    const text = await file?.text();
    const name = JSON.stringify([session().subject, session().mandate?.id, procedure.code, text]);
    const before = text === undefined ? undefined : sentLists.get(name);
    unknown.current = before?.unknown ?? [];
    setShown(before?.outcomes ?? new Map());
    setList(file && { ...listOf(text, procedure), name });
  };
  const send = async () => {
    setProblem(undefined);
    const found = new Map(outcomes);
    const file = async (part) => {
      const done = () => {
        unknown.current = unknown.current.filter((one) => one !== part);
      };
      try {
        const { body } = await post('/v1/dossiers/batches', { items: part.items }, { key: part.key });
        for (const one of body.outcomes) found.set(part.rows[one.index], one);
        if (body.outcomes.every(({ status }) => status < 500)) done();
        setOutcomes(new Map(found));
      } catch (failed) {
        // A refusal of the whole request filed nothing.
        if (failed.status >= 400 && failed.status < 500) done();
        throw failed;
      }
    };
    try {
      for (const part of [...unknown.current]) await file(part);
      const named = new Map(Object.values(files).flat().map((one) => [one.name, one]));
      const waits = new Set(unknown.current.flatMap(({ rows }) => rows));
      const left = list.rows
        .map((row, at) => ({ row, at }))
        .filter(({ at }) => !found.get(at)?.dossier && !waits.has(at));
      const items = left.map(({ row, at }) => ({ at, ...itemOf(row, shared, procedure, named) }));
      for (const { at, missing } of items) if (missing.length) found.set(at, { missing });
      for (const part of partsOf(items.filter(({ missing }) => !missing.length))) {
        const sent = { rows: part.map(({ at }) => at), items: part.map(({ item }) => item), key: newKey() };
        unknown.current.push(sent);
        keep(list.name, { outcomes: found, unknown: unknown.current });
        await file(sent);
      }
      setOutcomes(new Map(found));
    } catch (failed) {
      setOutcomes(new Map(found));
      setProblem(failed);
    }
  };
  const isReady = list && !list.problem && shared.agency;
  return html`<${Page} title=${t('batch.title', { procedure: nameOf(procedure) })} wide>
    <p>${t('batch.text')}</p>
    <${Columns} procedure=${procedure} />
    <form onSubmit=${(event) => event.preventDefault()} noValidate aria-label=${t('batch')}>
      <div class="line">
        <${Field} id="agency" label=${t('agency')} required>
          ${(attributes) => html`<${Select}
            ...${{ attributes, value: shared.agency, onChange: (agency) => set(['agency'], agency) }}
            empty=${t('choose')}
            options=${agencies.map((agency) => [agency.code, both(agency.name)])}
          />`}
        <//>
        ${
          channels.length > 1
            ? html`<${Field} id="channel" label=${t('channel')} required>
              ${(attributes) => html`<${Select}
                ...${{ attributes, value: shared.channel, onChange: (channel) => set(['channel'], channel) }}
                options=${channels.map((one) => [one, code('channel', one)])}
              />`}
            <//>`
            : null
        }
      </div>
      ${
        shared.delivery
          ? html`<${Delivery} choices=${procedure.delivery} value=${shared.delivery} set=${set} findings=${() => []} />`
          : null
      }
      ${
        procedure.documents.length
          ? html`<${Uploads}
            components=${[{ code: 'all', name: { vi: t('batch.files'), en: t('batch.files') }, required: false }]}
            files=${files}
            onChange=${setFiles}
          />`
          : null
      }
      <${Field} id="list" label=${t('batch.list')} required findings=${list?.problem ? [{ detail: list.problem }] : []}>
        ${(attributes) => html`<input
          type="file"
          accept=".csv,text/csv,text/plain"
          ...${attributes}
          onChange=${(event) => choose(event.target.files[0])}
        />`}
      <//>
      <${ProblemBox} problem=${problem} />
      ${
        isReady && list.rows.length
          ? html`<${Action} className="main" label=${t('batch.send', { n: number(list.rows.length) })} onClick=${send} />`
          : null
      }
    </form>
    ${list && !list.problem ? html`<${BatchRows} ...${{ list, outcomes, procedure }} />` : null}
  <//>`;
}

// The list of a text, or what is wrong with it as a whole.
function listOf(text, procedure) {
  const [header = [], ...cells] = rowsOf(text);
  const columns = header.map((one) => one.trim());
  const unknown = unknownOf(columns, procedure);
  const rows = unknown.length ? [] : cells.map((row) => dossierOf(columns, row, procedure));
  const isNone = !rows.length && t('batch.empty');
  const isMany = rows.length > ROWS_MAX && t('batch.too_many', { n: number(ROWS_MAX) });
  const isStrange = unknown.length > 0 && t('batch.unknown', { columns: unknown.join(', ') });
  return { header: columns, cells, rows, problem: isStrange || isNone || isMany || undefined };
}

// A dossier as it is sent, and the files that it names and that were not uploaded.
function itemOf({ form, papers, group, applicant }, shared, procedure, named) {
  const wanted = Object.entries(papers).flatMap(([component, names]) =>
    names.map((name) => ({ component, name })),
  );
  const item = {
    procedure: procedure.code,
    ...shared,
    ...(applicant ? { applicant } : {}),
    ...(group ? { groups: [group] } : {}),
    form,
    documents: wanted.map(({ component, name }) => ({
      component,
      file_name: name,
      document: named.get(name)?.document,
    })),
  };
  return { item, missing: wanted.filter(({ name }) => !named.has(name)).map(({ name }) => name) };
}

// Items in as many requests as they need.
function partsOf(items) {
  const parts = [];
  let bytes = BYTES_MAX;
  for (const one of items) {
    const size = new Blob([JSON.stringify(one.item)]).size;
    if (bytes + size > BYTES_MAX || parts.at(-1).length === ITEMS_MAX) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1).push(one);
    bytes += size;
  }
  return parts;
}

// What columns the list has, and an empty one to fill in.
function Columns({ procedure }) {
  const byClerk = hasRole('clerk');
  const form = columnsOf(procedure.form);
  const papers = procedure.documents.map((one) => [PAPER + one.code, both(one.name), one.required]);
  const others = [
    byClerk && ['applicant', t('file.applicant'), true],
    procedure.groups.length && ['group', `${t('fee.group')}: ${procedure.groups.join(', ')}`, false],
  ].filter(Boolean);
  const rows = [
    ...form.map(({ column, path, schema, required }) => [
      column,
      [labelOf(String(path.at(-1)), schema), schema.enum?.join(', ')].filter(Boolean).join(': '),
      required,
    ]),
    ...papers,
    ...others,
  ];
  const get = async () =>
    save(new Blob([textOf([rows.map(([column]) => column)])], { type: 'text/csv' }), `${procedure.code}.csv`);
  return html`<details>
      <summary>${t('batch.columns')}</summary>
      <p class="hint">${t('batch.columns.hint', { findings: FINDINGS })}</p>
      <div class="scroll" tabindex="0" role="region" aria-label=${t('batch.columns')}>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">${t('batch.column')}</th>
              <th scope="col">${t('batch.meaning')}</th>
              <th scope="col">${t('batch.required')}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ([column, meaning, required]) => html`<tr key=${column}>
                <th scope="row"><code>${column}</code></th>
                <td>${meaning}</td>
                <td>${required ? t('yes') : t('no')}</td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
    <p><${Action} label=${t('batch.template')} onClick=${get} /></p>`;
}
