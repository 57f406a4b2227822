// An OAuth 2 server not of our making, with one app, for the tests: its addresses, its way to be asked and what it
// answers with a good token come as JSON in the first argument. Renewals are good once; a second use of one ends
// the grant. Prints one JSON line when it is ready; ends with its standard input.
import http from 'node:http'
import Provider from 'oidc-provider'

const { authorize, token, revoke, method, pkce, redirect, scopes, answers } = JSON.parse(process.argv[2])
const app = { client_id: 'the-app-of-the-newsroom', client_secret: 'the-secret-of-the-newsroom-app' }

const server = http.createServer()
await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
const url = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(url, {
  clients: [{
    ...app,
    redirect_uris: [redirect],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: method,
  }],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  routes: { authorization: authorize, token, ...(revoke ? { revocation: revoke } : {}) },
  pkce: { required: () => pkce },
  scopes,
  features: { devInteractions: { enabled: false }, revocation: { enabled: Boolean(revoke) } },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 7200, RefreshToken: 86400, Grant: 86400, Session: 3600, Interaction: 600 },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_, interaction) => `/allow/${interaction.uid}` },
  cookies: { keys: ['of the tests'] },
})

// The person at the browser is known and says yes.
async function allow(req, res) {
  const { params, prompt, grantId } = await provider.interactionDetails(req, res)
  if (prompt.name === 'login') {
    return provider.interactionFinished(req, res, { login: { accountId: 'meridian' } })
  }
  const known = grantId && await provider.Grant.find(grantId)
  const grant = known ?? new provider.Grant({ accountId: 'meridian', clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } })
}

async function answer(req, res, what) {
  const bearer = (req.headers.authorization ?? '').replace(/^Bearer /, '')
  const good = await provider.AccessToken.find(bearer)
  res.writeHead(good ? 200 : 401, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify(good ? answers[what] : { title: 'Unauthorized', status: 401 }))
}

const others = provider.callback()
server.on('request', (req, res) => {
  const path = new URL(req.url, url).pathname
  const what = `${req.method} ${path}`
  if (path.startsWith('/allow/')) allow(req, res)
  else if (what in answers) answer(req, res, what)
  else others(req, res)
})

console.log(JSON.stringify({ url, ...app }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
