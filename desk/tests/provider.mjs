// Sign-in at an identity provider: a small one of the test, and a server that trusts it.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { open } from './harness.mjs';
import { serve } from './served.mjs';

const CLIENT = 'desk';
const encoded = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// An OpenID provider that signs everybody in as a clerk. `sent` has what it was asked.
function provider(sent) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'EdDSA', use: 'sig' };
  const codes = new Map();
  let issuer;
  const server = createServer(async (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url, issuer);
    response.setHeader('Access-Control-Allow-Origin', '*');
    const json = (body, status = 200) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (pathname === '/.well-known/openid-configuration') {
      json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
      });
    } else if (pathname === '/authorize') {
      sent.authorize = Object.fromEntries(query);
      const code = randomUUID();
      codes.set(code, query.get('code_challenge'));
      const back = new URL(query.get('redirect_uri'));
      back.searchParams.set('code', code);
      back.searchParams.set('state', sent.otherState ?? query.get('state'));
      response.writeHead(302, { Location: back.href });
      response.end();
    } else if (pathname === '/token') {
      let body = '';
      for await (const part of request) body += part;
      const form = new URLSearchParams(body);
      const challenge = createHash('sha256').update(form.get('code_verifier')).digest('base64url');
      const isRight = codes.get(form.get('code')) === challenge && form.get('client_id') === CLIENT;
      codes.delete(form.get('code'));
      if (isRight) json({ access_token: token(), token_type: 'Bearer' });
      else json({ error: 'invalid_grant' }, 400);
    } else {
      json({}, 404);
    }
  });
  const token = () => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: issuer,
      aud: 'dossier',
      sub: 'clerk-7',
      iat: now,
      exp: now + 600,
      roles: ['clerk'],
      agency: 'G02',
    };
    const content = `${encoded({ alg: 'EdDSA', kid: 'one', typ: 'at+jwt' })}.${encoded(claims)}`;
    return `${content}.${sign(null, Buffer.from(content), privateKey).toString('base64url')}`;
  };
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      issuer = `http://127.0.0.1:${server.address().port}`;
      resolve({ issuer, keys: { keys: [key] }, close: () => server.close() });
    });
  });
}

// A server that trusts these keys.
function serveFor(folder, { issuer, keys }) {
  const file = join(folder, 'keys.json');
  writeFileSync(file, JSON.stringify(keys));
  const who = ['--jwks', file, '--issuer', issuer, '--audience', 'dossier'];
  return serve(folder, [...who, '--desk-client', CLIENT]);
}

describe('an identity provider', () => {
  const sent = {};
  let folder;
  let issuing;
  let served;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'desk-'));
    issuing = await provider(sent);
    served = await serveFor(folder, issuing);
  });

  after(() => {
    served?.end();
    issuing?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('an officer signs in at the identity provider with PKCE, and the token is kept in memory only', () =>
    open({ language: 'en' }, async (page) => {
      await page.goto(`${served.address}/#/dossiers`);
      await page.getByRole('button', { name: 'Sign in at the identity provider' }).click();
      await page.locator('.who span').getByText('clerk-7').waitFor();
      assert.equal(sent.authorize.code_challenge_method, 'S256');
      assert.equal(sent.authorize.client_id, CLIENT);
      assert.equal(new URL(page.url()).search, '');
      const kept = await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
      );
      assert.ok(!kept.includes('eyJ'), kept);
      await page.getByText('0 found').waitFor();
    }));

  test('an expired session is continued in a window beside, and what was typed is kept', () =>
    open({ language: 'en', expected: [/401/] }, async (page) => {
      await page.goto(`${served.address}/#/dossiers`);
      await page.getByRole('button', { name: 'Sign in at the identity provider' }).click();
      const words = page.getByLabel(/Name, tax code/);
      await words.fill('0101234565');
      const list = '**/v1/register/dossiers?*';
      await page.route(list, (route) =>
        route.fulfill({
          status: 401,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            type: 'urn:dossier:problem:token-invalid',
            title: 'token expired',
            status: 401,
          }),
        }),
      );
      await page.keyboard.press('Enter');
      await page.getByText('The session has expired.').waitFor();
      await page.unroute(list);
      await page.getByRole('button', { name: 'Sign in at the identity provider' }).click();
      await page.locator('.who span').getByText('clerk-7').waitFor();
      assert.equal(await words.inputValue(), '0101234565');
    }));

  test('an answer of the provider with another state is refused', () =>
    open({ language: 'en' }, async (page) => {
      sent.otherState = 'forged';
      await page.goto(`${served.address}/#/sign-in`);
      await page.getByRole('button', { name: 'Sign in at the identity provider' }).click();
      await page.getByText('Sign-in failed: state').waitFor();
      assert.equal(await page.locator('.who span').count(), 0);
      sent.otherState = undefined;
    }));
});
