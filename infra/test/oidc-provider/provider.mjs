// npm's oidc-provider with accounts that need no password: whoever gives a name at its login form is that person.
//
// Beside the provider's own routes: POST /control/rotate makes new keys, POST /control/groups?sub=&groups= sets the groups
// of an account, GET /control/token?sub=&audience= issues an access token as a JWT.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { json, ready, serve } from './serve.mjs';

const home = process.argv[2];
const algorithm = process.argv[3] ?? 'RS256';
const secret = process.argv[4] ?? 'a secret: with & signs';
const groups = new Map();
let generation = 0;
let provider;

function keys() {
  generation += 1;
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  const named = ([alg, pair]) => ({ ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${alg}-${generation}` });
  return Object.entries(pairs).map(named);
}

function account(ctx, id) {
  const claims = () => ({
    sub: id,
    name: `Person ${id}`,
    preferred_username: id,
    email: `${id}@example.org`,
    email_verified: true,
    groups: groups.get(id) ?? [],
  });
  return { accountId: id, claims };
}

function begin(issuer) {
  provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'stint',
        client_secret: secret,
        redirect_uris: [`${home}/auth/oidc/callback`],
        post_logout_redirect_uris: [`${home}/sign-in`],
        id_token_signed_response_alg: algorithm,
      },
    ],
    jwks: { keys: keys() },
    cookies: { keys: ['for tests alone'] },
    findAccount: account,
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    pkce: { methods: ['S256'], required: () => true },
    features: { resourceIndicators: { enabled: true } },
  });
  provider.on('server_error', (ctx, error) => console.error(error));
}

async function token(sub, audience) {
  const client = await provider.Client.find('stint');
  const issued = new provider.AccessToken({ accountId: sub, client, scope: '' });
  issued.resourceServer = new provider.ResourceServer(audience, {
    scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: algorithm } },
  });
  return issued.save();
}

const issuer = await serve(async (request, response) => {
  const url = new URL(request.url, issuer);
  const asked = (name) => url.searchParams.get(name);
  switch (url.pathname) {
    case '/control/rotate':
      begin(issuer);
      return json(response, {});
    case '/control/groups':
      groups.set(asked('sub'), asked('groups').split(',').filter(Boolean));
      return json(response, {});
    case '/control/token':
      return json(response, { token: await token(asked('sub'), asked('audience')) });
    default:
      return provider.callback()(request, response);
  }
});
begin(issuer);
ready(issuer);
