// Sign-in at an identity provider: OpenID Connect, code flow with PKCE (RFC 7636).
import { signIn } from './session.js';

const KEPT = 'sign-in';

// Goes to the provider's page. What must survive the way there and back is kept for this tab.
export async function leaveForProvider({ issuer, client }) {
  const { authorization_endpoint: page } = await discovered(issuer);
  const [verifier, state] = [random(), random()];
  const kept = { verifier, state, back: location.hash };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
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
  location.assign(`${page}${page.includes('?') ? '&' : '?'}${query}`);
}

// Completes the sign-in if the page was opened by the provider. Returns what went wrong, if
// anything did.
export async function returnFromProvider({ issuer, client }) {
  const query = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
  if (!query.has('state')) return undefined;
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, '', `/${kept?.back ?? ''}`);
  if (!kept || query.get('state') !== kept.state) return 'state';
  if (!query.has('code')) return query.get('error') ?? 'code';
  const { token_endpoint: address } = await discovered(issuer);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: query.get('code'),
    redirect_uri: redirect(),
    client_id: client,
    code_verifier: kept.verifier,
  });
  const response = await fetch(address, { method: 'POST', body });
  if (!response.ok) return (await response.json().catch(() => ({}))).error ?? `${response.status}`;
  signIn((await response.json()).access_token);
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
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
