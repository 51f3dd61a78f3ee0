// Sign-in at an identity provider: OpenID Connect, code flow with PKCE (RFC 7636).
import { signIn } from './api.js';

// Name of what is kept for this tab, and of the channel between windows.
const NAME = 'sign-in';

// Goes to the provider's page. What must survive the way there and back is kept for this tab.
export async function leaveForProvider(settings) {
  const { address, verifier, state } = await request(settings);
  sessionStorage.setItem(NAME, JSON.stringify({ verifier, state, back: location.hash }));
  location.assign(address);
}

// Signs in again in a window of its own, so that the page and what was typed on it stay. Returns
// what went wrong, if anything did.
export async function signInBeside(settings) {
  // Opened at once: browsers allow it only in answer to a click.
  const beside = open('', NAME, 'popup,width=480,height=720');
  if (!beside) return leaveForProvider(settings);
  const { address, verifier, state } = await request(settings);
  const channel = new BroadcastChannel(NAME);
  const answered = new Promise((resolve) => {
    channel.onmessage = ({ data }) => data.state === state && resolve(data);
  });
  beside.location = address;
  const answer = await answered;
  channel.close();
  return exchange(settings, answer, verifier);
}

// Completes the sign-in if the page was opened by the provider. Returns what went wrong, if
// anything did.
export async function returnFromProvider(settings) {
  const answer = Object.fromEntries(new URLSearchParams(location.search));
  if (!answer.state) return undefined;
  const kept = JSON.parse(sessionStorage.getItem(NAME) ?? 'null');
  sessionStorage.removeItem(NAME);
  history.replaceState(null, '', `/${kept?.back ?? ''}`);
  if (kept?.state === answer.state) return exchange(settings, answer, kept.verifier);
  // Another window may be waiting for it; it compares the state.
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(answer);
  channel.close();
  if (opener || window.name === NAME) close();
  return 'state';
}

// The address of the provider's page for a new sign-in, with what its answer is checked by.
async function request({ issuer, client }) {
  const { authorization_endpoint: page } = await discovered(issuer);
  const [verifier, state] = [random(), random()];
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirect(),
    scope: 'openid',
    state,
    code_challenge: encoded(new Uint8Array(digest)),
    code_challenge_method: 'S256',
  });
  return { address: `${page}${page.includes('?') ? '&' : '?'}${query}`, verifier, state };
}

async function exchange({ issuer, client }, { code, error }, verifier) {
  if (!code) return error ?? 'code';
  const { token_endpoint: address } = await discovered(issuer);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirect(),
    client_id: client,
    code_verifier: verifier,
  });
  const response = await fetch(address, { method: 'POST', body });
  if (!response.ok) return (await response.json().catch(() => ({}))).error ?? `${response.status}`;
  await signIn((await response.json()).access_token);
  return undefined;
}

async function discovered(issuer) {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`${response.status}`);
  const found = await response.json();
  // OpenID Connect Discovery, 4.3: otherwise another provider could answer for this one.
  if (found.issuer !== issuer) throw new Error('issuer');
  return found;
}

const redirect = () => `${location.origin}/`;
const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));
const encoded = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
