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
  return { token: undefined, roles: [], subject: undefined, expired, left: undefined, expire() {} };
}

export const signOut = () => change(signedOut());

// Acts for somebody else by a mandate `{ id, principal }` from now on, or without one as oneself.
export function act(mandate) {
  current = { ...current, mandate };
  for (const listener of listeners) listener(current);
}

// Begins a session. The claims are read to offer the pages that the server will allow; the server
// alone decides. `name` is how the person is shown.
export function signIn(token, name) {
  const claims = claimsOf(token);
  // Somebody else may have signed in since, for example before a reply to an older request.
  const expire = () => {
    if (current.token !== token) return;
    // Who signs in again goes on acting for the same principal.
    const left = { subject: current.subject, mandate: current.mandate };
    change({ ...signedOut(true), name, left });
  };
  const left = Math.max(0, (claims.exp - SKEW_S) * 1_000 - Date.now());
  // A longer timeout than 24 days would end at once.
  const timer = setTimeout(expire, Math.min(left, 2 ** 31 - 1));
  const { sub: subject, agency, on_behalf_of: onBehalfOf, roles = [] } = claims;
  const mandate = current.left?.subject === subject ? current.left.mandate : undefined;
  const person = { token, roles, subject, agency, onBehalfOf, mandate, name: name ?? subject };
  change({ ...person, timer, expire });
}

export function claimsOf(token) {
  const middle = token.split('.')[1] ?? '';
  const bytes = Uint8Array.from(atob(middle.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
    letter.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}

export const isOfficer = ({ roles }) => roles.some((role) => role !== 'applicant');
export const isApplicant = ({ roles }) => roles.includes('applicant');
