// A provider that signs whatever it is told to, for tokens that no real one would issue. The code that it redeems is the
// plan of the token itself, in base64url: { alg, key, header, claims, status }.
//
// GET /mint?plan= signs a token without a code. POST /publish?keys=a,b sets which keys are published.
// GET /count tells how often the keys were fetched.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { body, json, ready, serve } from './serve.mjs';

const keys = {};
for (const name of ['first', 'second', 'never']) {
  keys[name] = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
}
let published = ['first'];
let fetches = 0;

const encoded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function signature(alg, key, message) {
  const pair = keys[key][alg];
  switch (alg) {
    case 'RS256': return sign('sha256', message, pair.privateKey);
    case 'ES256': return sign('sha256', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    case 'EdDSA': return sign(null, message, pair.privateKey);
    case 'none': return Buffer.alloc(0);
    // The classical mistake: the text of the public key as a shared secret.
    case 'HS256': return createHmac('sha256', keys[key].RS256.publicKey.export({ type: 'spki', format: 'pem' })).update(message).digest();
    default: return Buffer.from('signature');
  }
}

function token({ alg = 'RS256', key = 'first', header = {}, claims = {} }) {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: issuer, aud: 'stint', sub: 'ada', iat: now, exp: now + 300, ...claims };
  // A claim that is null is left out.
  const told = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  const kid = `${key}-${alg === 'HS256' || alg === 'none' ? 'RS256' : alg}`;
  const message = `${encoded({ alg, typ: 'JWT', kid, ...header })}.${encoded(told)}`;
  return `${message}.${signature(alg, key, Buffer.from(message)).toString('base64url')}`;
}

function jwks() {
  fetches += 1;
  const of = (name) => Object.entries(keys[name]).map(([alg, pair]) => (
    { ...pair.publicKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${name}-${alg}` }
  ));
  return { keys: published.flatMap(of) };
}

const plan = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());

const issuer = await serve(async (request, response) => {
  const url = new URL(request.url, issuer);
  switch (url.pathname) {
    case '/.well-known/openid-configuration':
      return json(response, {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        end_session_endpoint: `${issuer}/end`,
        token_endpoint_auth_methods_supported: ['client_secret_post'],
      });
    case '/jwks':
      return json(response, jwks());
    case '/token': {
      const form = new URLSearchParams(await body(request));
      if (form.get('client_secret') !== 'hunter2' || !form.get('code_verifier')) return json(response, { error: 'invalid_client' }, 401);
      const wanted = plan(form.get('code'));
      if (wanted.status) return json(response, { error: wanted.error ?? 'some_error' }, wanted.status);
      return json(response, { token_type: 'Bearer', access_token: 'x', id_token: token(wanted) });
    }
    case '/mint':
      return json(response, { token: token(plan(url.searchParams.get('plan'))) });
    case '/publish':
      published = url.searchParams.get('keys').split(',');
      return json(response, {});
    case '/count':
      return json(response, { fetches });
    default:
      return json(response, { error: 'not found' }, 404);
  }
}, Number(process.argv[2] ?? 0));
ready(issuer);
