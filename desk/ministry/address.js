// The part of an address after its `?`: the state of a page, so that it can be shared and returned to.
import { useState } from '../view.js';

export const parametersOf = () =>
  Object.fromEntries(new URLSearchParams(location.hash.split('?')[1] ?? ''));

// The given values of `query`, as the part of an address after its `?`.
export const addressed = (query) =>
  new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();

// `[values, set]`; `set` replaces some of them and keeps the page.
export function useParameters() {
  const [values, setValues] = useState(parametersOf);
  const set = (part) => {
    const next = { ...values, ...part };
    history.replaceState(null, '', `${location.hash.split('?')[0]}?${addressed(next)}`);
    setValues(next);
  };
  return [values, set];
}
