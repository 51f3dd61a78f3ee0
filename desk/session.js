// Who is signed in. The token is kept in memory only: it is gone when the page is closed or
// reloaded.

const SKEW_S = 30;
const listeners = new Set();
let current = signedOut();

export const session = () => current;

// Calls `listener` whenever somebody signs in or out, or the token expires.
export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function change(next) {
  clearTimeout(current.timer);
  current = next;
  for (const listener of listeners) listener(next);
}

function signedOut(expired = false) {
  return { token: undefined, roles: [], heads: [], expired, left: undefined, expire() {} };
}

export const signOut = () => change(signedOut());

// Acts for somebody else by a mandate `{ id, principal }` from now on, or without one as oneself.
export function act(mandate) {
  current = { ...current, mandate };
  for (const listener of listeners) listener(current);
}

// Begins a session of a person `{ token, subject, roles, agency, heads, represents, onBehalfOf, endsAt,
// name }`, as the server described the caller: pages are offered by it, and the server decides on each request.
export function begin(person) {
  const { token, subject, name, endsAt } = person;
  // Somebody else may have signed in since, for example before a reply to an older request.
  const expire = () => {
    if (current.token !== token) return;
    // Who signs in again goes on acting for the same principal.
    const left = { subject: current.subject, mandate: current.mandate };
    change({ ...signedOut(true), name, left });
  };
  const rest = Math.max(0, Date.parse(endsAt) - SKEW_S * 1_000 - Date.now());
  // A longer timeout than 24 days would end at once.
  const timer = setTimeout(expire, Math.min(rest, 2 ** 31 - 1));
  const mandate = current.left?.subject === subject ? current.left.mandate : undefined;
  change({ ...person, mandate, timer, expire });
}

export const isOfficer = ({ roles }) => roles.some((role) => role !== 'applicant');
export const isApplicant = ({ roles }) => roles.includes('applicant');
