// The steps that the desk offers: who takes them, for which task, and what they need. The server
// decides on each; this table only says where a step is sent and which fields it has.

// Fields: `text`, `line`, `amount`, `instant`, `components`, `papers`, `document`; with `options`, a
// choice of codes whose texts are those of `group`. `from` takes a value from the task or the
// resource instead of asking; with `when`, a field is asked for on that condition only.
const reason = { name: 'reason', type: 'text', required: true };
const outcome = {
  name: 'outcome',
  required: true,
  group: 'outcome',
  options: ['approved', 'refused'],
};
// Claims of the applicant to groups that reduce the fee, if an officer has to decide on them.
const claims = {
  name: 'claims',
  type: 'claims',
  when: ({ resource }) => resource?.claims?.some(isOpen),
};
const agrees = {
  name: 'agrees',
  type: 'agrees',
  required: true,
  group: 'answer',
  options: ['true', 'false'],
};
const score = {
  name: 'score',
  type: 'score',
  required: true,
  group: 'score',
  options: ['5', '4', '3', '2', '1'],
};
const components = { name: 'components', type: 'components', required: true };
const subject = (name) => ({ name, from: ({ task }) => task.subject });

const STEPS = [
  // The one-stop unit.
  step('accept_dossier', 'dossiers', 'acceptance', ['clerk'], ['answer_submission'], [claims]),
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
  step(
    'move_appointment',
    'dossiers',
    'appointment',
    ['clerk'],
    ['announce_lateness'],
    [{ name: 'due_at', type: 'instant', required: true }, reason],
  ),
  step(
    'fix_appointment',
    'dossiers',
    'fixed-appointment',
    ['clerk'],
    ['fix_appointment'],
    [
      { name: 'at', type: 'instant', required: true },
      { name: 'by', type: 'line', required: true },
      { name: 'basis', type: 'line', required: true },
    ],
  ),
  // Review.
  step('claim_review', 'reviews', 'claim', ['reviewer'], ['claim_review'], []),
  step(
    'complete_activity',
    'reviews',
    'activities',
    ['reviewer'],
    ['complete_activity'],
    [subject('activity'), { name: 'note', type: 'text' }],
  ),
  step(
    'propose_decision',
    'reviews',
    'decision-proposals',
    ['reviewer'],
    ['propose_decision'],
    [outcome, reason],
  ),
  step(
    'need_supplement',
    'reviews',
    'supplement-needs',
    ['reviewer'],
    ['complete_activity', 'propose_decision'],
    [components, reason],
  ),
  step(
    'return_review',
    'reviews',
    'return',
    ['reviewer'],
    ['complete_activity', 'propose_decision'],
    [reason],
  ),
  step(
    'hand_over_review',
    'reviews',
    'hand-over',
    ['reviewer', 'approver'],
    ['complete_activity', 'propose_decision'],
    [{ name: 'to', type: 'line', required: true }, reason],
  ),
  step(
    'consult_agency',
    'reviews',
    'consultations',
    ['reviewer'],
    ['complete_activity', 'propose_decision'],
    [
      { name: 'agency', type: 'line', required: true },
      { name: 'question', type: 'text', required: true },
    ],
  ),
  step(
    'answer_consultation',
    'reviews',
    'consultation-answers',
    ['consultee'],
    ['answer_consultation'],
    [subject('consultation'), agrees, { name: 'answer', type: 'text', required: true }],
  ),
  step(
    'approve_decision',
    'reviews',
    'decision',
    ['approver'],
    ['approve_decision'],
    [subject('proposal')],
  ),
  step(
    'reject_proposal',
    'reviews',
    'proposal-rejections',
    ['approver'],
    ['approve_decision'],
    [subject('proposal'), reason],
  ),
  step(
    'extend_deadline',
    'dossiers',
    'extension',
    ['approver'],
    ['complete_activity', 'propose_decision'],
    [reason],
  ),
  // Payment.
  step(
    'start_payment',
    'payments',
    'attempts',
    ['applicant'],
    ['pay_fee'],
    [{ name: 'provider', from: () => 'sandbox' }],
  ),
  step(
    'take_cash',
    'payments',
    'cash',
    ['cashier'],
    ['take_cash', 'pay_fee'],
    [
      {
        name: 'amount_vnd',
        type: 'amount',
        required: true,
        first: ({ resource }) => resource?.outstanding_vnd,
      },
    ],
  ),
  step(
    'resolve_discrepancy',
    'payments',
    'resolutions',
    ['cashier'],
    ['resolve_discrepancy'],
    [
      { name: 'payment', from: ({ task, resource }) => task.subject ?? doubtful(resource) },
      { name: 'captured_vnd', type: 'amount', required: true },
      reason,
    ],
  ),
  step(
    'approve_resolution',
    'payments',
    'resolution-approvals',
    ['cashier', 'approver'],
    ['sign_resolution'],
    [{ name: 'resolution', from: ({ resource }) => resource?.proposed_resolution?.resolution }],
  ),
  step(
    'approve_refund',
    'payments',
    'refund-approvals',
    ['cashier', 'approver'],
    ['sign_refund'],
    [{ name: 'refund', from: ({ resource }) => resource?.proposed_refund?.refund }],
  ),
  step(
    'reject_resolution',
    'payments',
    'resolution-rejections',
    ['cashier', 'approver'],
    ['sign_resolution'],
    [
      { name: 'resolution', from: ({ resource }) => resource?.proposed_resolution?.resolution },
      reason,
    ],
  ),
  step(
    'reject_refund',
    'payments',
    'refund-rejections',
    ['cashier', 'approver'],
    ['sign_refund'],
    [{ name: 'refund', from: ({ resource }) => resource?.proposed_refund?.refund }, reason],
  ),
  step(
    'refund_payment',
    'payments',
    'refunds',
    ['cashier'],
    ['give_back'],
    [
      {
        name: 'amount_vnd',
        type: 'amount',
        required: true,
        first: ({ resource }) => resource?.owed_back_vnd,
      },
      reason,
    ],
  ),
  // Result.
  step(
    'issue_result',
    'deliveries',
    'result',
    ['approver', 'clerk'],
    ['issue_result'],
    [
      { name: 'number', type: 'line' },
      { name: 'document', type: 'document' },
    ],
  ),
  step(
    'collect_result',
    'deliveries',
    'collection',
    ['clerk'],
    ['hand_out_result'],
    [{ name: 'received_by', type: 'line' }],
  ),
  step(
    'hand_to_carrier',
    'deliveries',
    'parcels',
    ['clerk'],
    ['hand_to_carrier'],
    [
      { name: 'carrier', type: 'line', required: true },
      { name: 'waybill', type: 'line', required: true },
    ],
  ),
  step('download_result', 'deliveries', 'downloads', ['applicant'], ['download_result'], []),
  step(
    'meet_duty',
    'deliveries',
    'duties',
    ['applicant', 'clerk', 'reviewer', 'approver'],
    ['meet_duty', 'meet_agency_duty'],
    [subject('duty'), { name: 'document', type: 'document' }, { name: 'note', type: 'text' }],
  ),
  step(
    'decide_renewal',
    'deliveries',
    'renewal/decision',
    ['approver'],
    ['decide_renewal'],
    [outcome, reason],
  ),
  step(
    'rate_dossier',
    'ratings',
    '',
    ['applicant'],
    ['rate_dossier'],
    [score, { name: 'comment', type: 'text' }],
  ),
  // Without a task, on a condition.
  step('choose_channel', 'deliveries', 'channel', ['applicant', 'clerk'], hasResultToDeliver, [
    {
      name: 'delivery',
      type: 'delivery',
      first: ({ resource }) => ({ channel: resource?.channel }),
    },
  ]),
  step('request_renewal', 'deliveries', 'renewal', ['applicant', 'clerk'], isRenewable, [
    { name: 'reason', type: 'text' },
  ]),
  step('withdraw_dossier', 'dossiers', 'withdrawal', ['applicant', 'clerk'], isUndecided, [
    { name: 'reason', type: 'text' },
  ]),
  step('close_dossier', 'dossiers', 'closure', ['clerk'], isUndecided, [reason]),
];

// A step: its operation, the resource whose version it needs, its address below that of the
// resource, the roles that may take it, the tasks that it does or its condition, and its fields.
function step(id, of, path, roles, tasks, fields) {
  return { id, of, path, roles, tasks, fields };
}

export const isOpen = (claim) => claim.outcome === 'open';

const doubtful = (payment) => payment?.attempts.find((attempt) => attempt.doubts.length)?.payment;

function isUndecided({ dossiers }) {
  return ['submitted', 'processing'].includes(dossiers.body.stage);
}

function hasResultToDeliver({ deliveries }) {
  return ['prepared', 'issued'].includes(deliveries?.body.stage);
}

function isRenewable({ deliveries, procedure }) {
  const { stage, renewal_decided_by: isAsked } = deliveries?.body ?? {};
  return stage === 'delivered' && Boolean(procedure?.result.renewal) && !isAsked;
}

// The steps of a person for a dossier with all that belongs to it, each with the task that it does;
// `main` is the usual step of a task. Those of `rest` do no task.
export function stepsFor({ roles }, all) {
  const mine = STEPS.filter((one) => one.roles.some((role) => roles.includes(role)));
  const ofTasks = mine.filter((one) => Array.isArray(one.tasks));
  const tasks = all.dossiers.body.next ?? [];
  const steps = tasks.flatMap((task) =>
    ofTasks
      .filter((one) => one.tasks.includes(task.kind))
      .map((one) => ({ step: one, task, main: one === usual(task.kind) })),
  );
  const rest = mine.filter((one) => !Array.isArray(one.tasks) && one.tasks(all));
  return { steps, rest: rest.map((one) => ({ step: one, task: {}, main: false })) };
}

const CLASSES = [
  'conduct_or_delay',
  'content_of_rules',
  'complex',
  'not_ours',
  'not_acceptable',
  'personal_data_access',
  'personal_data_objection',
  'personal_data_erasure',
];
const text = (name) => ({ name, type: 'text', required: true });

// Steps of a complaint handler, with the obligations that they meet; the last ones are possible
// while the complaint is open.
const COMPLAINT_STEPS = [
  step(
    'classify_complaint',
    'complaints',
    'classification',
    ['complaint_handler'],
    ['classify'],
    [
      { name: 'class', required: true, group: 'class', options: CLASSES },
      { name: 'reason', type: 'text' },
    ],
  ),
  step(
    'forward_complaint',
    'complaints',
    'forwarding',
    ['complaint_handler'],
    ['forward'],
    [{ name: 'to', type: 'line', required: true }],
  ),
  step(
    'answer_complaint',
    'complaints',
    'answer',
    ['complaint_handler'],
    ['answer'],
    [text('answer')],
  ),
  step(
    'publish_answer',
    'complaints',
    'publication',
    ['complaint_handler'],
    ['publish'],
    [text('text')],
  ),
  step(
    'assign_complaint',
    'complaints',
    'assignment',
    ['complaint_handler'],
    ['classify', 'answer'],
    [{ name: 'officer', type: 'line' }],
  ),
  step('extend_complaint', 'complaints', 'extension', ['complaint_handler'], ['answer'], [reason]),
  step(
    'note_complaint',
    'complaints',
    'notes',
    ['complaint_handler'],
    ['classify', 'answer'],
    [text('note')],
  ),
];

// The steps of a person for a complaint.
export function stepsForComplaint({ roles }, { owed }) {
  const mine = COMPLAINT_STEPS.filter((one) => one.roles.some((role) => roles.includes(role)));
  const steps = mine.filter((one) => one.tasks.includes(owed));
  return steps.map((one, at) => ({ step: one, task: {}, main: at === 0 }));
}

const usual = (kind) => STEPS.find(({ tasks }) => Array.isArray(tasks) && tasks.includes(kind));

export const addressOf = ({ of, path }, id) => `/v1/${of}/${id}${path ? `/${path}` : ''}`;
