// Several dossiers of one payer are paid at once: they are chosen, their fees are summed up with their lines, and one
// payment is started through a provider.
import { newKey, post, readEach } from '../api.js';
import { both, money, t, time } from '../i18n.js';
import { Action, Field, Loaded, More, Page, ProblemBox, Select, Stage } from '../parts.js';
import { usePages } from '../pages.js';
import { ProviderField } from '../step-choices.js';
import { html, useEffect, useRef, useState } from '../view.js';

// The API takes as few and as many at once.
const FEWEST = 2;
const MOST = 100;
// Tasks of dossiers whose fee is owed, or being paid.
const OWED = 'pay_fee';
const IN_PROGRESS = 'confirm_payment';

export const isUnpaid = (row) => row.next.some(({ kind }) => kind === OWED);
const isConcerned = (row) => row.next.some(({ kind }) => [OWED, IN_PROGRESS].includes(kind));

export function PayTogether() {
  const [waiting, setWaiting] = useState('applicant');
  const found = usePages('/v1/register/dossiers', { mine: true, waiting_on: waiting }, [waiting]);
  return html`<${Page} title=${t('pay_together')} wide>
    <p class="hint">${t('pay_together.text')}</p>
    <${Field} id="pay-waiting" label=${t('pay_together.show')} required>
      ${(attributes) => html`<${Select}
        ...${{ attributes, value: waiting, onChange: setWaiting }}
        options=${[['applicant', t('pay_together.waiting')], ['', t('pay_together.all')]]}
      />`}
    <//>
    <${Loaded} of=${found}>
      ${(rows) => html`<${Choice} rows=${rows.filter(isConcerned)} more=${found} />`}
    <//>
  <//>`;
}

function Choice({ rows, more }) {
  const [chosen, setChosen] = useState([]);
  const [payments, setPayments] = useState({});
  const [problem, setProblem] = useState();
  const [failed, setFailed] = useState();
  const [round, setRound] = useState(0);
  const names = rows.map(({ id }) => id).join();
  useEffect(() => {
    let current = true;
    const keep = (some) => current && setPayments((known) => ({ ...known, ...some }));
    const missing = rows.map(({ id }) => id).filter((id) => !(id in payments));
    setFailed(undefined);
    readEach(missing, (id) => `/v1/payments/${id}`, keep).catch((error) => current && setFailed(error));
    return () => {
      current = false;
    };
  }, [names, round]);
  const able = rows.filter((row) => isUnpaid(row) && payments[row.id]?.outstanding_vnd > 0);
  // In the order in which they were chosen: findings name their places in it. The filter of the page hides no chosen one.
  const sent = chosen.filter((row) => payments[row.id]?.outstanding_vnd > 0);
  // Where something is wrong may be out of sight.
  const list = useRef();
  useEffect(() => list.current?.querySelector('[aria-invalid]')?.focus(), [problem]);
  const isChosen = ({ id }) => chosen.some((one) => one.id === id);
  const choose = (some, is) => {
    setProblem(undefined);
    const others = chosen.filter((one) => !some.some(({ id }) => id === one.id));
    setChosen(is ? [...others, ...some] : others);
  };
  const findings = (row) => {
    const at = sent.findIndex(({ id }) => id === row.id);
    return at < 0 ? [] : (problem?.at?.(`/dossiers/${at}`) ?? []);
  };
  return html`
    <p role="status">${t('found', { n: rows.length })}${more.next ? '+' : ''}</p>
    ${rows.length || more.next ? null : html`<p>${t('pay_together.none')}</p>`}
    <${ProblemBox} problem=${failed} retry=${() => setRound(round + 1)} />
    ${
      able.length
        ? html`<label class="check">
          <input type="checkbox" checked=${able.every(isChosen)} onChange=${(event) => choose(able, event.target.checked)} />
          ${t('pay_together.choose_all')}
        </label>`
        : null
    }
    <ul class="rows work chosen" ref=${list}>
      ${rows.map(
        (row) => html`<${Row}
          key=${row.id}
          ...${{ row, payment: payments[row.id], chosen: isChosen(row), findings: findings(row) }}
          able=${able.includes(row)}
          onChange=${(is) => choose([row], is)}
        />`,
      )}
    </ul>
    <${More} next=${more.next} load=${more.more} />
    ${sent.length ? html`<${Sum} ...${{ rows: sent, payments, problem, setProblem }} />` : null}
  `;
}

function Row({ row, payment, chosen, able, findings, onChange }) {
  const order = payment?.attempts.find((one) => one.order && ['started', 'unknown'].includes(one.state))?.order;
  const id = `pay-${row.id}`;
  return html`<li class=${findings.length ? 'wrong' : ''}>
    ${
      able
        ? html`<label class="check choose">
          <input
            type="checkbox"
            checked=${chosen}
            aria-invalid=${findings.length ? 'true' : undefined}
            aria-describedby=${findings.length ? id : undefined}
            onChange=${(event) => onChange(event.target.checked)}
          />
          <span class="hidden">${t('pay_together.choose', { code: row.code })}</span>
        </label>`
        : html`<span class="choose"></span>`
    }
    <div>
      <a href=${`#/mine/${row.id}`}>${both(row.procedure_name) || row.procedure}</a>
      <small>${[row.code, row.agency, time(row.submitted_at)].join(' · ')}</small>
      ${
        findings.length
          ? html`<ul class="errors" id=${id}>${findings.map((one) => html`<li>${one.detail}</li>`)}</ul>`
          : null
      }
    </div>
    <div><${Stage} of=${row.stage} /></div>
    <div>
      ${payment ? html`<b>${money(payment.outstanding_vnd)}</b>` : null}
      ${order ? html`<small><a href=${`#/orders/${order}`}>${t('order.part')}</a></small>` : null}
      ${!order && !isUnpaid(row) ? html`<small>${t('pay_together.in_progress')}</small>` : null}
    </div>
  </li>`;
}

// What is paid, line by line, and through whom.
function Sum({ rows, payments, problem, setProblem }) {
  const [provider, setProvider] = useState();
  const sent = useRef({});
  const total = rows.reduce((sum, { id }) => sum + payments[id].outstanding_vnd, 0);
  const send = async () => {
    const body = { dossiers: rows.map(({ id }) => id), provider: provider ?? '' };
    const content = JSON.stringify(body);
    if (sent.current.content !== content) sent.current = { content, key: newKey() };
    setProblem(undefined);
    try {
      const reply = await post('/v1/payment-orders', body, { key: sent.current.key });
      location.hash = `#/orders/${reply.body.order}`;
    } catch (failed) {
      setProblem(failed);
    }
  };
  const at = (pointer) => problem?.at?.(pointer) ?? [];
  const shown = (pointer) => pointer === '/provider' || /^\/dossiers\/\d+$/.test(pointer);
  const label = t('pay_together.send', { n: rows.length, sum: money(total) });
  const [first] = rows;
  return html`<form class="bulk" onSubmit=${(event) => event.preventDefault()} noValidate aria-labelledby="sum">
    <h2 id="sum">${t('pay_together.sum', { n: rows.length, sum: money(total) })}</h2>
    ${rows.length < FEWEST ? html`<p class="hint">${t('pay_together.too_few')}</p>` : null}
    ${rows.length > MOST ? html`<p class="note">${t('pay_together.too_many', { n: MOST })}</p>` : null}
    <details>
      <summary>${t('pay_together.lines')}</summary>
      <table class="list">
        <caption class="hidden">${t('pay_together.lines')}</caption>
        <tbody>
          ${rows.map(
            ({ id, code }) => html`<tr key=${id}>
              <th scope="row">
                ${code}
                ${payments[id].lines.map(
                  (line) => html`<small key=${line.rule}>
                    ${both({ vi: line.name_vi, en: line.name_en })}: ${money(line.charged_vnd)}
                  </small>`,
                )}
                ${
                  payments[id].received_vnd
                    ? html`<small>${t('payment.received')}: ${money(payments[id].received_vnd)}</small>`
                    : null
                }
              </th>
              <td class="amount">${money(payments[id].outstanding_vnd)}</td>
            </tr>`,
          )}
          <tr><th scope="row">${t('fee.total')}</th><td class="amount"><b>${money(total)}</b></td></tr>
        </tbody>
      </table>
    </details>
    <${ProviderField}
      id="pay-provider"
      label=${t('step.field.provider')}
      field=${{ required: true }}
      findings=${at('/provider')}
      value=${provider}
      set=${setProvider}
      context=${{ resource: payments[first.id] }}
    />
    <${ProblemBox} ...${{ problem, shown }} />
    <${Action}
      className="main"
      label=${label}
      disabled=${rows.length < FEWEST || rows.length > MOST}
      onClick=${send}
    />
  </form>`;
}
