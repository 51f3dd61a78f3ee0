// The agencies, for choices.
import { read } from '../api.js';
import { both } from '../i18n.js';
import { useLoad } from '../view.js';

// Pages that are read; in a larger registry, the others are typed.
const PAGES_MAX = 5;

async function agencies(under) {
  let page = await read('/v1/agencies', { limit: 100, under });
  const all = [...page.body];
  for (let pages = 1; page.next && pages < PAGES_MAX; pages += 1) {
    page = await read(page.next);
    all.push(...page.body);
  }
  return {
    options: all.map(({ code, name }) => [code, `${code} ${both(name)}`]),
    complete: !page.next,
  };
}

export const useAgencies = (under) => useLoad(() => agencies(under), [under]);

// A field for an agency: a choice, or its code if there are too many.
export const agencyField = ({ data }, field) =>
  data?.complete ? { ...field, options: data.options } : { ...field, type: 'line' };
