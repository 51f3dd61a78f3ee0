// Steps of intake: the one-stop unit and the applicant, from submission to the end.
import { components, freely, instant, isUndecided, line, reason, step } from './define.js';

const isOpen = (claim) => claim.outcome === 'open';

// Claims of the applicant to groups that reduce the fee, if an officer has to decide on them.
const claims = {
  name: 'claims',
  type: 'claims',
  when: ({ resource }) => resource?.claims?.some(isOpen),
};

// Rejected ones, which may be confirmed after all while the fee is unpaid.
const isRejected = (claim) => claim.outcome === 'rejected';
const rejected = {
  name: 'claims',
  type: 'claims',
  rejected: true,
  when: ({ resource }) => resource?.claims?.some(isRejected),
  first: ({ resource }) =>
    Object.fromEntries(resource.claims.filter(isRejected).map(({ group }) => [group, { confirmed: true }])),
};

// Whether a claim was rejected, and the fee that is owed by it is unpaid. It may be due after acceptance.
function isUndone({ dossiers: { body }, payments }) {
  const isOwed = payments ? payments.body.outstanding_vnd > 0 : !body.fee_received;
  const isRunning = ['submitted', 'processing'].includes(body.stage);
  return isRunning && isOwed && (body.claims ?? []).some(isRejected);
}

// Whether there is a promised date that has not passed.
function isRunning({ dossiers: { body } }) {
  const { stage, due_at: dueAt, suspended, deadline_missed: isMissed } = body;
  return stage === 'processing' && Boolean(dueAt) && !suspended && !isMissed;
}

function endsWithoutResult({ dossiers, procedure }) {
  return dossiers.body.stage === 'processing' && Boolean(procedure) && !procedure.result.code;
}

export const INTAKE = [
  step('accept_dossier', 'dossiers', 'acceptance', ['clerk'], ['answer_submission'], [claims]),
  // Without a task: the same step, for a claim that was rejected by mistake.
  { ...step('accept_dossier', 'dossiers', 'acceptance', ['clerk'], isUndone, [rejected]), name: 'confirm_claim' },
  step(
    'request_supplement',
    'dossiers',
    'supplement-requests',
    ['clerk'],
    ['answer_submission'],
    [components, reason],
  ),
  step('refuse_dossier', 'dossiers', 'refusal', ['clerk'], ['answer_submission'], [reason]),
  step(
    'submit_supplement',
    'dossiers',
    'supplements',
    ['applicant', 'clerk'],
    ['submit_supplement'],
    [{ name: 'documents', type: 'papers' }],
  ),
  {
    ...step(
      'move_appointment',
      'dossiers',
      'appointment',
      ['clerk'],
      ['announce_lateness'],
      [instant('due_at'), reason],
    ),
    besides: isRunning,
  },
  step(
    'fix_appointment',
    'dossiers',
    'fixed-appointment',
    ['clerk'],
    ['fix_appointment'],
    [instant('at'), line('by'), line('basis')],
  ),
  {
    ...step(
      'extend_deadline',
      'dossiers',
      'extension',
      ['approver'],
      ['complete_activity', 'propose_decision'],
      [reason],
    ),
    only: ({ procedure }) => Boolean(procedure?.extension),
  },
  // Without a task, on a condition.
  step('transfer_dossier', 'dossiers', 'transfer', ['clerk'], isUndecided, [
    { name: 'to', label: 'step.field.to_agency', type: 'agency', required: true, competent: true },
    reason,
  ]),
  step('withdraw_dossier', 'dossiers', 'withdrawal', ['applicant', 'clerk'], isUndecided, [
    freely('reason'),
  ]),
  step('close_dossier', 'dossiers', 'closure', ['clerk'], endsWithoutResult, [reason]),
];
