// What the tables of steps share: a step, and fields that several steps have.

// A step: its operation, the resource whose version it needs, its address below that of the
// resource, the roles that may take it, the tasks that it does or its condition, and its fields. With
// `notBy`, the officer who may not take it: nobody approves their own proposal. With `about`, the name of
// what it is about, as a text in both languages, where there may be several of a kind. With `besides`,
// the condition on which it is offered among the other actions although it does no task; with `only`,
// a condition that it needs in any case; with `name`, the name of a step that is taken in a second way.
export function step(id, of, path, roles, tasks, fields) {
  return { id, of, path, roles, tasks, fields };
}

// Fields: `text`, `line`, `amount`, `instant`, `components`, `papers`, `document`, `files`,
// `agency`, `officer`, `provider`, `notice`, `complaint`; with `options`, a choice of codes whose texts are those of `group`,
// with `choices`, of parts of the resource, with `pairs`, of codes and names of the procedure. `from` takes a value from the task or the resource
// instead of asking; with `when`, a field is asked for on that condition only; `first` is what it has
// at first.
export const line = (name) => ({ name, type: 'line', required: true });
export const text = (name) => ({ name, type: 'text', required: true });
export const freely = (name) => ({ name, type: 'text' });
export const instant = (name) => ({ name, type: 'instant', required: true });
export const subject = (name) => ({ name, from: ({ task }) => task.subject });

export const reason = text('reason');
export const components = { name: 'components', type: 'components', required: true };
export const outcome = {
  name: 'outcome',
  required: true,
  group: 'outcome',
  options: ['approved', 'refused'],
};

export const isUndecided = ({ dossiers }) =>
  ['submitted', 'processing'].includes(dossiers.body.stage);
