// The view library: templates of htm, rendered by Preact.
import { h, render } from './vendor/preact.js';
import { useEffect, useMemo, useRef, useState } from './vendor/hooks.js';
import htm from './vendor/htm.js';

export const html = htm.bind(h);
export { render, useEffect, useMemo, useRef, useState };

// Tells all components that what they loaded is out of date.
export const outdate = () => dispatchEvent(new Event('outdated'));

// Loads data for a component, and again when `keys` change or data are out of date. While it loads
// again, the earlier data is kept, so that the page does not jump. Returns
// `{ data, problem, loading, reload }`.
export function useLoad(load, keys) {
  const [state, setState] = useState({ data: undefined, problem: undefined, loading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let current = true;
    setState((before) => ({ ...before, loading: true }));
    load().then(
      (data) => current && setState({ data, problem: undefined, loading: false }),
      (problem) => current && setState((before) => ({ ...before, problem, loading: false })),
    );
    return () => {
      current = false;
    };
  }, [...keys, round]);
  const reload = () => setRound((n) => n + 1);
  useEffect(() => {
    addEventListener('outdated', reload);
    return () => removeEventListener('outdated', reload);
  }, []);
  return { ...state, reload };
}
