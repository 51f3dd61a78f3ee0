// Speaks HTTP with the server: the only module that does. Keeps what the API asks its clients to
// keep: the consistency token of the newest change, and the key of a request that is sent again.
import { language } from './i18n.js';
import { begin, session } from './session.js';

const TRIES = 3;
const WAIT_MS_MAX = 5_000;
const READS_AT_ONCE = 6;

// The position of the newest change that this client made or saw.
let consistency;

// A problem (RFC 9457), or that the server cannot be reached (`away`).
export class Problem extends Error {
  constructor(body, status) {
    super(body.title ?? body.type);
    Object.assign(this, { status, type: body.type ?? '', title: body.title, detail: body.detail });
    this.errors = body.errors ?? [];
  }

  get away() {
    return this.status === 0;
  }

  // The name that the catalogue of problems gives it.
  get code() {
    return this.type.split(':').pop();
  }

  // Findings at a field of the request, by its JSON pointer.
  at(pointer) {
    return this.errors.filter((finding) => finding.pointer === pointer);
  }
}

// A key for a change, by which the server recognises a repeated request.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Reads a resource: `{ body, etag, next }`; `next` is the address of the next page.
export async function read(path, query) {
  const response = await send('GET', path + search(query), {});
  const link = /<([^>]*)>; *rel="next"/.exec(response.headers.get('link') ?? '');
  return { body: await response.json(), etag: response.headers.get('etag'), next: link?.[1] };
}

// Reads a resource that may be absent: `undefined` instead of a 403 or 404.
export async function readIfAny(path, query) {
  try {
    return await read(path, query);
  } catch (problem) {
    if (problem.status === 403 || problem.status === 404) return undefined;
    throw problem;
  }
}

// Reads something of each id, a few at a time. `onRead` gets the bodies by the ids; `null` for what is absent.
export async function readEach(ids, addressOf, onRead) {
  const left = [...ids];
  while (left.length) {
    const some = left.splice(0, READS_AT_ONCE);
    const found = await Promise.all(some.map((id) => readIfAny(addressOf(id))));
    onRead(Object.fromEntries(some.map((id, at) => [id, found[at]?.body ?? null])));
  }
}

// Takes a step. With `etag`, only if the resource still has this version. The same `key` may be
// sent again. With `token`, as another caller than the one who is signed in.
export async function post(path, body, { etag, key = newKey(), token } = {}) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  if (etag) headers['If-Match'] = etag;
  // Another caller does not act by the mandate of this one.
  const caller = token ? { token, expire() {} } : session();
  const response = await send('POST', path, { headers, body: JSON.stringify(body), caller });
  return { body: await response.json(), etag: response.headers.get('etag') };
}

// Sends a file as the body of a change. The same `key` may be sent again.
export async function postFile(path, query, file, type, key) {
  const headers = { 'Content-Type': type, 'Idempotency-Key': key };
  const response = await send('POST', path + search(query), { headers, body: file });
  return { body: await response.json() };
}

// Signs in with a token: the server says who that is. `name` is how the person is shown.
export async function signIn(token, name) {
  // A wrong token ends no session, and the mandate of the one before is not this caller's.
  const caller = { token, expire() {} };
  const response = await send('GET', '/v1/me', { caller });
  const me = await response.json();
  begin({
    token,
    subject: me.subject,
    roles: me.roles,
    agency: me.agency ?? undefined,
    // The units that the person heads.
    heads: me.officer?.heads ?? [],
    // Whether the person may act for somebody by a mandate.
    represents: me.mandates.length > 0,
    onBehalfOf: me.on_behalf_of ?? undefined,
    endsAt: me.token_expires_at,
    name: name ?? me.officer?.name ?? me.subject,
  });
}

// Reads bytes, for example a document or a PDF.
export async function bytes(path, accept = '*/*') {
  const response = await send('GET', path, { headers: { Accept: accept } });
  return response.blob();
}

// Reads bytes with the digest of them all that the server sent before them.
export async function download(path) {
  const response = await send('GET', path, { headers: { Accept: '*/*' } });
  return { blob: await response.blob(), digest: response.headers.get('content-digest') };
}

// Uploads a file and reports the share that was sent. `fetch` cannot report it.
export function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/v1/documents');
    const headers = { ...common(session(), '/v1/documents'), 'Idempotency-Key': newKey(), 'Content-Type': file.type };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(away());
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status === 201) resolve(body);
      else reject(new Problem(body, request.status));
    };
    request.send(file);
  });
}

// Under a mandate, mandates and programs can neither be read nor changed: there, the person acts. So
// they do for the list of all clients.
const OWN = /^\/v1\/(mandates|credentials)\b|[?&]clients=true\b/;

function common({ token, mandate }, path) {
  const headers = { 'Accept-Language': language() };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (mandate && !OWN.test(path)) headers.Mandate = mandate.id;
  if (consistency) headers['Consistency-Token'] = consistency;
  return headers;
}

// Sends a request, again if the server cannot be reached or asks for it: every change has a key.
async function send(method, path, { headers, body, caller = session() }) {
  for (let tried = 1; ; tried += 1) {
    let response;
    try {
      response = await fetch(path, { method, body, headers: { ...common(caller, path), ...headers } });
    } catch {
      if (tried === TRIES) throw away();
      await wait(300 * tried);
      continue;
    }
    if (response.ok) {
      keep(response.headers.get('consistency-token'));
      return response;
    }
    const problem = new Problem(parsed(await response.text()), response.status);
    // The log was restored from a backup: what this client saw is no more.
    if (problem.code === 'consistency-token-ahead') consistency = undefined;
    const after = Number(response.headers.get('retry-after')) * 1_000;
    const again = [429, 503].includes(response.status) || response.headers.has('retry-after');
    if (!again || tried === TRIES || after > WAIT_MS_MAX) {
      if (response.status === 401) caller.expire();
      throw problem;
    }
    await wait(after || 300 * tried);
  }
}

// A response that was overtaken may have the token of an earlier change.
function keep(token) {
  const position = (text) => Number(text.replaceAll('"', ''));
  if (token && !(consistency && position(token) < position(consistency))) consistency = token;
}

const away = () => new Problem({ type: 'away' }, 0);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A proxy's page of an error is not JSON.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function search(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return given.length ? `?${new URLSearchParams(given)}` : '';
}
