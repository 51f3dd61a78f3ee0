// What only the demo has: its people, its stories, and time that can be moved.
import { post, read, signIn } from './api.js';
import { both, code, money, t, time } from './i18n.js';
import { Action, Loaded, ProblemBox } from './parts.js';
import { html, outdate, useLoad, useState } from './view.js';

const HOUR_MS = 3_600_000;
const MOVES = [
  ['demo.hour', HOUR_MS],
  ['demo.day', 24 * HOUR_MS],
  ['demo.week', 7 * 24 * HOUR_MS],
];

// The first page of a role.
const HOMES = {
  applicant: '#/mine',
  auditor: '#/dossiers',
  complaint_handler: '#/complaints',
  operator: '#/operation',
};

// Whether the person came for a page of their own, which is shown after they signed in.
const isDeep = () => !['', '#/', '#/sign-in'].includes(location.hash);

async function become(person) {
  const { body } = await post('/demo/sign-ins', { person: person.id });
  await signIn(body.token, both(person.name));
}

// The people to sign in as, and the dossiers worth looking at.
export function People({ stay }) {
  const demo = useLoad(() => read('/demo').then(({ body }) => body), []);
  const [problem, setProblem] = useState();
  const enter = (person, address) =>
    become(person).then(() => stay || isDeep() || (location.hash = address), setProblem);
  const home = ({ role }) => HOMES[role] ?? '#/work';
  return html`<${Loaded} of=${demo}>
    ${({ people, stories }) => html`
      <${ProblemBox} problem=${problem} />
      <section aria-labelledby="people">
        <h2 id="people">${t('demo.people')}</h2>
        <ul class="cards">
          ${people.map(
            (person) => html`<li key=${person.id}>
              <button type="button" onClick=${() => enter(person, home(person))}>
                <b>${both(person.name)}</b><br />
                ${code('role', person.role)}${person.agency ? ` · ${person.agency}` : ''}
              </button>
            </li>`,
          )}
        </ul>
      </section>
      ${
        stories.length && !stay
          ? html`<section aria-labelledby="stories">
            <h2 id="stories">${t('demo.stories')}</h2>
            <ul class="cards">
              ${stories.map((story) => {
                const person = people.find((one) => one.id === story.person);
                const page = person.role === 'applicant' ? 'mine' : 'dossiers';
                return html`<li key=${story.dossier}>
                  <button type="button" onClick=${() => enter(person, `#/${page}/${story.dossier}`)}>
                    <b>${both(story.what)}</b><br />
                    ${story.code} · ${both(person.name)}
                  </button>
                </li>`;
              })}
            </ul>
          </section>`
          : null
      }
    `}
  <//>`;
}

// Waits, within a limit, until the server has done what fell due in the time that was skipped.
async function settled() {
  for (let tries = 0; tries < 15; tries += 1) {
    const { body } = await read('/health/ready');
    if (body.caught_up && body.overdue_obligations === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

// The demo's time, and buttons that move it.
export function TimeBar() {
  const [problem, setProblem] = useState();
  const demo = useLoad(() => read('/demo').then(({ body }) => body), []);
  const move = async (now, by) => {
    setProblem(undefined);
    try {
      await post('/demo/time', { now: new Date(Date.parse(now) + by).toISOString() });
      await settled();
      outdate();
    } catch (failed) {
      setProblem(failed);
    }
  };
  if (!demo.data) return null;
  const { now } = demo.data;
  return html`<aside class="time-bar" aria-label=${t('demo.time')}>
    <span>${t('demo.now')} <b><time datetime=${now}>${time(now)}</time></b></span>
    ${MOVES.map(
      ([key, by]) =>
        html`<${Action} key=${key} className="quiet" label=${t(key)} onClick=${() => move(now, by)} />`,
    )}
    <${ProblemBox} problem=${problem} />
  </aside>`;
}

// Stands in for the bank's page of a payment through the sandbox, which moves no money.
export function SandboxBank({ payment, onDone }) {
  const [problem, setProblem] = useState();
  const attempt = payment.attempts.find(
    // A part of a payment order is paid with the order.
    (one) => one.provider === 'sandbox' && ['started', 'unknown'].includes(one.state) && !one.order,
  );
  if (!attempt) return null;
  const notify = async (kind) => {
    setProblem(undefined);
    try {
      const { body } = await post('/demo/sign-ins', { person: 'sandbox' });
      const notice = {
        provider: 'sandbox',
        event: `${kind}-${attempt.payment}`,
        kind,
        reference: attempt.reference,
        amount_vnd: attempt.amount_vnd,
      };
      await post('/v1/payment-notices', notice, { token: body.token });
      onDone();
    } catch (failed) {
      setProblem(failed);
    }
  };
  return html`<section class="note" aria-labelledby="bank">
    <h3 id="bank">${t('bank.title')}</h3>
    <p>${t('bank.text', { amount: money(attempt.amount_vnd) })}</p>
    <${Action} className="main" label=${t('bank.pay')} onClick=${() => notify('captured')} />
    ${' '}
    <${Action} label=${t('bank.decline')} onClick=${() => notify('failed')} />
    <${ProblemBox} problem=${problem} />
  </section>`;
}
