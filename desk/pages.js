// A list that is read page by page.
import { read } from './api.js';
import { useLoad, useState } from './view.js';

// Loads the first page, and again when `keys` change. `rows` grows with `more`.
export function usePages(path, query, keys) {
  const [further, setFurther] = useState({ of: undefined, rows: [], next: undefined });
  const first = useLoad(() => read(path, query), keys);
  const data = first.data;
  const grown = further.of === data ? further : { rows: [], next: data?.next };
  const more = async (address) => {
    const page = await read(address);
    setFurther({ of: data, rows: [...grown.rows, ...page.body], next: page.next });
  };
  const rows = data && [...data.body, ...grown.rows];
  return { ...first, data: rows, next: grown.next, more };
}
