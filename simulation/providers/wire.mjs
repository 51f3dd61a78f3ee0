// Bodies, times and requests.
import http from 'node:http';

const BODY_MAX = 1 << 20;

export async function whole(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_MAX) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

// The response to a report; an error if there is none in time.
export function send({ method, url, headers = {}, body = '' }, timeout) {
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method, headers: { ...headers, ...length }, agent: false, timeout }, async (response) => {
      try {
        resolve({ status: response.statusCode, body: await whole(response) });
      } catch (error) {
        reject(error);
      }
    });
    request.on('timeout', () => request.destroy(new Error('no response in time')));
    request.on('error', reject);
    request.end(body);
  });
}

// Local time in Vietnam as `yyyyMMddHHmmss`.
export function compact(date) {
  const local = new Date(date.getTime() + 7 * 3_600_000).toISOString();
  return local.replace(/[-:T]/g, '').slice(0, 14);
}

// The instant of a local time in Vietnam; undefined if it is none.
export function instant(text) {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text ?? '');
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hour - 7, minute, second));
  return compact(date) === text ? date : undefined;
}

export const json = (status, value) => ({ status, body: JSON.stringify(value) });
