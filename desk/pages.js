// A list that is read page by page.
import { read } from './api.js';
import { useEffect, useLoad, useState } from './view.js';

// Pages without a row that are passed over at once.
const EMPTY_MAX = 20;

// Loads the first page, and again when `keys` change. `rows` grows with `more`.
export function usePages(path, query, keys) {
  const [further, setFurther] = useState({ of: undefined, rows: [], next: undefined });
  const first = useLoad(() => read(path, query), keys);
  const data = first.data;
  const grown = further.of === data ? further : { rows: [], next: data?.next };
  const more = async (address) => {
    const rows = [...grown.rows];
    let next = address;
    // A page may be empty and have a next one: each looks at a limited number of records.
    for (let pages = 0; next && rows.length === grown.rows.length && pages < EMPTY_MAX; pages++) {
      const page = await read(next);
      rows.push(...page.body);
      next = page.next;
    }
    setFurther({ of: data, rows, next });
  };
  const rows = data && [...data.body, ...grown.rows];
  useEffect(() => {
    if (data && !data.body.length && data.next) more(data.next).catch(() => {});
  }, [data]);
  return { ...first, data: rows, next: grown.next, more };
}
