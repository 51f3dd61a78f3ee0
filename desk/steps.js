// The steps that the desk offers: who takes them, for which task, and what they need. The server
// decides on each; the tables in `steps/` only say where a step is sent and which fields it has.
import { DELIVERY } from './steps/delivery.js';
import { COMPLAINT, RATING } from './steps/feedback.js';
import { INTAKE } from './steps/intake.js';
import { PAYMENT } from './steps/payment.js';
import { REVIEW } from './steps/review.js';

// Steps for a dossier. The first one for a task is the usual one.
const STEPS = [...REVIEW, ...INTAKE, ...PAYMENT, ...DELIVERY, ...RATING];

export const ALL_STEPS = [...STEPS, ...COMPLAINT];

const isFor = (roles) => (one) => one.roles.some((role) => roles.includes(role));
const hasTask = ({ tasks }) => Array.isArray(tasks);

// The steps of a person for a dossier with all that belongs to it, each with the task that it does;
// `main` is the usual step of a task. Those of `rest` do no task.
export function stepsFor(who, all) {
  const { roles, subject } = who;
  const isOwn = ({ notBy, of }) => subject && notBy?.(all[of]?.body ?? {}) === subject;
  const may = (one) => !isOwn(one) && (!one.only || one.only(all, who));
  const mine = STEPS.filter(isFor(roles)).filter(may);
  const ofTasks = mine.filter(hasTask);
  const tasks = all.dossiers.body.next ?? [];
  const steps = tasks.flatMap((task) =>
    ofTasks
      .filter((one) => one.tasks.includes(task.kind))
      .map((one) => ({ step: one, task, main: one === usual(task.kind) })),
  );
  const isTaken = (one) => steps.some(({ step }) => step === one);
  const rest = mine.filter((one) =>
    hasTask(one) ? one.besides?.(all) && !isTaken(one) : one.tasks(all),
  );
  return { steps, rest: rest.map((one) => ({ step: one, task: {}, main: false })) };
}

const usual = (kind) => STEPS.find((one) => hasTask(one) && one.tasks.includes(kind));

// The steps of a person for a complaint: those that meet its obligation, the usual one first, and
// those that it permits besides.
export function stepsForComplaint({ roles }, complaint) {
  const mine = COMPLAINT.filter(isFor(roles)).filter((one) => !one.only || one.only(complaint));
  const owed = mine.filter((one) => hasTask(one) && one.tasks.includes(complaint.owed));
  const others = mine.filter((one) => !hasTask(one) && one.tasks(complaint));
  return [...owed, ...others].map((one, at) => ({
    step: one,
    task: {},
    main: at === 0 && hasTask(one),
  }));
}

// What the API takes for several dossiers at once.
export const BULK = [
  'accept_dossier',
  'extend_deadline',
  'claim_review',
  'complete_activity',
  'return_review',
  'hand_over_review',
  'assign_review',
  'approve_decision',
  'issue_result',
];
// Fields that differ from dossier to dossier; they are left out.
const OWN = ['claims', 'document'];
const REVIEWED = ['claim_review', 'complete_activity', 'propose_decision'];

// The steps that a person can take at once on the tasks of these kinds, with the fields that are the
// same for all of them.
export function bulkStepsFor(who, kinds) {
  const does = (one, kind) =>
    one.id === 'assign_review' ? REVIEWED.includes(kind) : hasTask(one) && one.tasks.includes(kind);
  // Only the head of a unit assigns.
  const may = (one) => one.id !== 'assign_review' || one.only({}, who);
  return STEPS.filter(isFor(who.roles))
    .filter((one) => BULK.includes(one.id) && may(one) && kinds.every((kind) => does(one, kind)))
    .map((one) => ({
      ...one,
      fields: one.fields.filter(({ type, name }) => !OWN.includes(type) && name !== 'number'),
    }));
}

export const addressOf = ({ of, path }, id) => `/v1/${of}/${id}${path ? `/${path}` : ''}`;
