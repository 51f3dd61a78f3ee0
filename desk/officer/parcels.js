// Parcels: where they are, their labels, and the list that the carrier signs at the hand-over.
import { read } from '../api.js';
import { both, code, t, time } from '../i18n.js';
import { Action, Facts, Field, hasRole, Loaded, More, Page, ProblemBox, Select } from '../parts.js';
import { usePages } from '../pages.js';
import { savePdf } from '../papers.js';
import { agenciesOf } from '../step-choices.js';
import { session } from '../session.js';
import { html, useLoad, useState } from '../view.js';

const STATES = ['on_its_way', 'delivered', 'returned'];

export function Parcels() {
  const [state, setState] = useState('');
  const found = usePages('/v1/register/parcels', { state }, [state]);
  const [problem, setProblem] = useState();
  const label = (row) => async () => {
    setProblem(undefined);
    const path = `/v1/deliveries/${row.dossier}/label`;
    await savePdf(path, `${row.waybill}.pdf`).catch(setProblem);
  };
  return html`<${Page} title=${t('parcels')} wide>
    ${hasRole('clerk', 'auditor') ? html`<${DayList} />` : null}
    <h2>${t('parcels.all')}</h2>
    <${Field} id="parcel-state" label=${t('dossier.stage')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: state, onChange: setState }}
        options=${[['', t('all')], ...STATES.map((one) => [one, code('parcel', one)])]}
      />`}
    <//>
    <${ProblemBox} problem=${problem} />
    <${Loaded} of=${found}>
      ${(rows) => html`
        <p role="status">${t('found', { n: rows.length })}${found.next ? '+' : ''}</p>
        <ul class="rows work">
          ${rows.map(
            (row) => html`<li key=${row.parcel}>
              <div><b>${row.waybill}</b><small>${[row.carrier, row.agency, row.recipient_name].filter(Boolean).join(' · ')}</small></div>
              <div>
                ${code('parcel', row.state)}
                <small>${t('parcels.handed', { at: time(row.handed_at) })}</small>
              </div>
              <div>
                <a href=${`#/dossiers/${row.dossier}`}>${row.code}</a>
                ${
                  hasRole('clerk', 'auditor')
                    ? html`<${Action} className="quiet" label=${t('paper.label')} onClick=${label(row)} />`
                    : null
                }
              </div>
            </li>`,
          )}
        </ul>
        <${More} next=${found.next} load=${found.more} />
      `}
    <//>
  <//>`;
}

// The list of the parcels that a carrier got on a day, to print.
function DayList() {
  const [asked, setAsked] = useState({ agency: session().agency, carrier: '', day: '' });
  const [list, setList] = useState();
  const [problem, setProblem] = useState();
  const agencies = useLoad(() => agenciesOf({ under: session().agency }), []);
  const address = (one) => `/v1/parcel-lists?${new URLSearchParams(one)}`;
  const attempt = (act) => async () => {
    setProblem(undefined);
    await act().catch(setProblem);
  };
  const show = attempt(async () => setList({ asked, shown: (await read(address(asked))).body }));
  const print = attempt(() => savePdf(address(list.asked), `parcels-${list.asked.day}.pdf`));
  const findings = (name) => (problem?.errors ?? []).filter(({ parameter }) => parameter === name);
  const field = (name, label, input) => html`<${Field} ...${{ id: `list-${name}`, label, required: true, findings: findings(name) }}>
    ${input}
  <//>`;
  const set = (name) => (value) => setAsked({ ...asked, [name]: value });
  const options = (agencies.data ?? []).map((one) => [one.code, both(one.name)]);
  return html`<section aria-labelledby="list">
    <h2 id="list">${t('parcels.list')}</h2>
    <form class="line" onSubmit=${(event) => event.preventDefault()} noValidate>
      ${field(
        'agency',
        t('agency'),
        (attributes) =>
          html`<${Select} ...${{ attributes, value: asked.agency, options }} onChange=${set('agency')} empty=${t('choose')} />`,
      )}
      ${field(
        'carrier',
        t('step.field.carrier'),
        (attributes) =>
          html`<input ...${attributes} value=${asked.carrier} onInput=${(event) => set('carrier')(event.target.value)} />`,
      )}
      ${field(
        'day',
        t('money.day'),
        (attributes) =>
          html`<input type="date" ...${attributes} value=${asked.day} onInput=${(event) => set('day')(event.target.value)} />`,
      )}
      <${Action} label=${t('parcels.show')} onClick=${show} />
    </form>
    <${ProblemBox} problem=${problem} />
    ${
      list
        ? html`<${Facts}
            rows=${[
              [t('agency'), list.shown.data.agency_name],
              [t('step.field.carrier'), list.shown.data.carrier],
              [t('parcels.count'), String(list.shown.data.count)],
            ]}
          />
          <ol>
            ${list.shown.data.parcels.map(
              (one) => html`<li key=${one.reference}>
                ${one.waybill} · <a href=${`#/dossiers/${one.dossier}`}>${one.code}</a> · ${one.recipient_name}
              </li>`,
            )}
          </ol>
          <${Action} className="main" label=${t('parcels.print')} onClick=${print} />`
        : null
    }
  </section>`;
}
