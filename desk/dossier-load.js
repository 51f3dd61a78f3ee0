// A dossier with what the services have about it, each with its version.
import { read, readIfAny } from './api.js';
import { hasRole } from './parts.js';

// Who may read what beside the dossier. Others do not ask for it.
const READERS = {
  review: ['clerk', 'reviewer', 'approver', 'consultee', 'auditor'],
  payment: ['applicant', 'clerk', 'cashier', 'approver', 'auditor'],
  delivery: ['applicant', 'clerk', 'reviewer', 'approver', 'auditor'],
  deadline: [
    'applicant',
    'clerk',
    'reviewer',
    'approver',
    'cashier',
    'complaint_handler',
    'auditor',
    'operator',
  ],
  rating: ['applicant', 'clerk', 'approver', 'complaint_handler', 'auditor'],
};

// What is not there yet, or is not for this person, is `undefined`; what cannot be there is not
// asked for.
export async function loadDossier(id) {
  const dossier = await read(`/v1/dossiers/${id}`);
  const { stage, due_at: dueAt, procedure: name, outcome } = dossier.body;
  const procedure = await readIfAny(`/v1/procedures/${encodeURIComponent(name)}`);
  const { fees } = procedure?.body ?? {};
  const isAccepted = !['submitted', 'refused'].includes(stage);
  const isCharged = fees?.lines.length && (isAccepted || fees.due === 'at_filing');
  const part = (is, kind, path) => (is && hasRole(...READERS[kind]) ? readIfAny(path) : undefined);
  const [reviews, payments, deliveries, deadline, rating] = await Promise.all([
    part(isAccepted && dueAt, 'review', `/v1/reviews/${id}`),
    part(isCharged, 'payment', `/v1/payments/${id}`),
    part(outcome, 'delivery', `/v1/deliveries/${id}`),
    part(dueAt, 'deadline', `/v1/dossiers/${id}/deadline`),
    part(stage === 'closed' && outcome, 'rating', `/v1/ratings/${id}`),
  ]);
  return {
    id,
    dossiers: dossier,
    reviews,
    payments,
    deliveries,
    deadline: deadline?.body,
    rating: rating?.body,
    procedure: procedure?.body,
  };
}
