// The rows of a list with the outcome of each, and the refused ones as a list to correct.
import { number, t } from '../i18n.js';
import { Action, hasRole } from '../parts.js';
import { save } from '../uploads.js';
import { html } from '../view.js';
import { columnAt, FINDINGS, textOf } from './sheet.js';

// Cells of a row that are shown, so that people recognise it.
const CELLS = 3;

export function BatchRows({ list, outcomes, procedure }) {
  const all = list.cells.map((cells, at) => ({ cells, outcome: outcomes.get(at), at }));
  const refused = all.filter(({ outcome }) => outcome && !outcome.dossier);
  const filed = all.filter(({ outcome }) => outcome?.dossier);
  const correct = async () => {
    const kept = list.header.map((name, at) => [name, at]).filter(([name]) => name !== FINDINGS);
    const rows = refused.map(({ cells, outcome }) => [
      ...kept.map(([, at]) => cells[at]),
      reasonsOf(outcome).join('; '),
    ]);
    const text = textOf([[...kept.map(([name]) => name), FINDINGS], ...rows]);
    save(new Blob([text], { type: 'text/csv' }), `${procedure.code}-refused.csv`);
  };
  const pages = hasRole('clerk') ? 'dossiers' : 'mine';
  return html`<div>
    <h2 id="outcomes">${t('batch.rows', { n: number(all.length) })}</h2>
    <div role="status">
      ${
        outcomes.size
          ? html`<p class=${refused.length ? 'note' : 'done'}>${t('batch.outcomes', { filed: number(filed.length), refused: number(refused.length) })}</p>`
          : null
      }
    </div>
    ${refused.length ? html`<p><${Action} label=${t('batch.correct')} onClick=${correct} /></p>` : null}
    <div class="scroll" tabindex="0" role="region" aria-labelledby="outcomes">
      <table class="list outcomes">
        <thead>
          <tr>
            <th scope="col">${t('batch.row')}</th>
            <th scope="col">${t('dossier.outcome')}</th>
            ${list.header.slice(0, CELLS).map((name) => html`<th scope="col" key=${name}>${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${all.map(
            ({ cells, outcome, at }) => html`<tr key=${at} class=${outcome ? (outcome.dossier ? 'taken' : 'refused') : ''}>
              <th scope="row">${number(at + 1)}</th>
              <td>${outcome ? html`<${Outcome} ...${{ outcome, pages }} />` : t('batch.waiting')}</td>
              ${list.header.slice(0, CELLS).map((name, place) => html`<td key=${name}>${cells[place]}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}

const Outcome = ({ outcome, pages }) =>
  outcome.dossier
    ? html`${t('batch.filed')} <a href=${`#/${pages}/${outcome.dossier}`}>${outcome.code ?? outcome.dossier}</a>`
    : html`<b>${t('bulk.refused')}</b>
        <ul class="errors">${reasonsOf(outcome).map((one) => html`<li key=${one}>${one}</li>`)}</ul>`;

// Why a row was not filed, each with its column.
function reasonsOf({ missing, problem }) {
  if (missing) return missing.map((name) => t('batch.no_file', { name }));
  const found = (problem.errors ?? []).map(({ pointer, component, detail }) => {
    const column = component ? `papers.${component}` : columnAt(pointer);
    return column ? `${column}: ${detail}` : detail;
  });
  return found.length ? found : [problem.detail ?? problem.title];
}
