// Fields of steps whose choices are read from the server: agencies, officers, payment providers and
// their notices, earlier complaints, and templates of answers.
import { read, readIfAny } from './api.js';
import { both, code, money, t, time } from './i18n.js';
import { Field, hasRole, Select } from './parts.js';
import { session } from './session.js';
import { html, useEffect, useLoad } from './view.js';

const AGENCIES_MAX = 100;
const COMPLAINTS_MAX = 100;

// A choice as long as there are options, otherwise a text, so that the step can be taken anyway. Until they are
// loaded, nothing can be typed that would be replaced.
export function Choice({ id, label, hint, required, findings, value, set, options, loading }) {
  return html`<${Field} ...${{ id, label, hint, required, findings }}>
    ${(attributes) =>
      options?.length || loading
        ? html`<${Select}
            ...${{ attributes: { ...attributes, disabled: loading }, value, options: options ?? [], onChange: set }}
            empty=${t(loading ? 'loading' : 'choose')}
          />`
        : html`<input ...${attributes} value=${value ?? ''} onInput=${(event) => set(event.target.value)} />`}
  <//>`;
}

// Before the first answer.
const isLoading = ({ data, loading }) => loading && data === undefined;

export const agenciesOf = (query) =>
  read('/v1/agencies', { limit: AGENCIES_MAX, ...query }).then(({ body }) => body);

// An agency; with `competent`, one that may decide on the dossiers of the procedure.
export function AgencyField({ field, procedure, ...props }) {
  const asked = field.competent ? procedure?.code : undefined;
  const found = useLoad(() => agenciesOf({ procedure: asked }), [asked]);
  const options = found.data?.map((one) => [one.code, `${both(one.name)} (${one.code})`]);
  return html`<${Choice} ...${props} required=${field.required} options=${options} loading=${isLoading(found)} />`;
}

// Officers of the directory of the caller's agency, with their absences.
const officersOf = (agency) =>
  hasRole('clerk', 'reviewer', 'approver', 'cashier', 'complaint_handler', 'auditor')
    ? readIfAny(`/v1/directory/${encodeURIComponent(agency)}/officers`).then(
        (reply) => reply?.body ?? [],
      )
    : Promise.resolve([]);

export const officerName = (one) => (one.name ? `${one.name} (${one.officer})` : one.officer);

// An officer who has the role that the step needs. An agency that records no officers types the
// subject.
export function OfficerField({ field, ...props }) {
  const { agency } = session();
  const found = useLoad(() => officersOf(agency), [agency]);
  const able = found.data?.filter(({ roles }) => roles.includes(field.role));
  const options = able?.map((one) => [
    one.officer,
    one.absence ? t('officer.absent', { name: officerName(one) }) : officerName(one),
  ]);
  const hint = able && !able.length ? t('officer.unrecorded') : undefined;
  return html`<${Choice} ...${{ ...props, hint, options }} required=${field.required} loading=${isLoading(found)} />`;
}

// Providers that can take what is outstanding; the first one, unless the payer chooses.
export function ProviderField({ field, ...props }) {
  const { dossier } = props.context.resource ?? {};
  const found = useLoad(
    () => read(`/v1/payments/${dossier}/providers`).then(({ body }) => body),
    [dossier],
  );
  const [first] = found.data ?? [];
  useEffect(() => {
    if (first && !props.value) props.set(first.provider);
  }, [first?.provider]);
  const options = found.data?.map(({ provider, title }) => [provider, both(title)]);
  const hint = found.data && !first ? t('pay.no_provider') : undefined;
  return html`<${Choice} ...${{ ...props, hint, options }} required=${field.required} loading=${isLoading(found)} />`;
}

// Notices of payment providers that belong to no attempt yet.
export function NoticeField({ field, ...props }) {
  const found = useLoad(
    () => read('/v1/payment-notices/unmatched').then(({ body }) => body),
    [],
  );
  const options = found.data?.map((one) => [
    one.notice,
    `${one.provider} · ${one.reference} · ${money(one.amount_vnd)} · ${time(one.at)}`,
  ]);
  return html`<${Choice} ...${props} required=${field.required} options=${options} loading=${isLoading(found)} />`;
}

// The complaint that is handled instead: one of the agency that was received earlier.
export function ComplaintField({ field, ...props }) {
  const { complaint: own, received_at: receivedAt } = props.context.resource ?? {};
  const found = useLoad(
    () => read('/v1/complaints', { limit: COMPLAINTS_MAX }).then(({ body }) => body),
    [],
  );
  const earlier = found.data?.filter(
    (one) => one.complaint !== own && one.owed && one.received_at <= receivedAt,
  );
  const options = earlier?.map((one) => [
    one.complaint,
    [one.number, one.complainant_name, time(one.received_at)].filter(Boolean).join(' · '),
  ]);
  return html`<${Choice} ...${props} required=${field.required} options=${options} loading=${isLoading(found)} />`;
}

// Templates of answers for the class of a complaint. A chosen one replaces the text of the field.
export function TemplateChoice({ complaint, value, set }) {
  const found = useLoad(() => read('/v1/complaint-templates').then(({ body }) => body), []);
  const fitting = (found.data ?? []).filter((one) => !one.class || one.class === complaint?.class);
  if (!fitting.length) return null;
  const chosen = fitting.find(({ body }) => body === value)?.code ?? '';
  return html`<${Field} id="template" label=${t('template')}>
    ${(attributes) => html`<${Select}
      ...${{ attributes, value: chosen }}
      onChange=${(name) => set(fitting.find((one) => one.code === name)?.body ?? '')}
      empty=${t('template.none')}
      options=${fitting.map((one) => [one.code, one.class ? `${one.title} (${code('class', one.class)})` : one.title])}
    />`}
  <//>`;
}
