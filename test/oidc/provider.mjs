// A provider of single sign-on as its authors publish it, with accounts of the test
// and a page to sign in on. It listens at a port of its own and prints its address.
import https from 'node:https'
import { Provider } from 'oidc-provider'

const { cert, key, secret, back, out, accounts } = JSON.parse(process.env.SETTINGS)
const server = https.createServer({ cert, key })

server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'candor', client_secret: secret, redirect_uris: [back],
      backchannel_logout_uri: out, backchannel_logout_session_required: true,
    }],
    claims: { openid: ['sub', 'amr', 'acr', 'auth_time', 'sid'], email: ['email', 'email_verified'] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    // It does not call machines of its own network; the server of the test is on one.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    pkce: { required: () => true },
    cookies: { keys: ['of the test'] },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: accounts[sub].email, email_verified: accounts[sub].email_verified }) }),
    async loadExistingGrant (ctx) {
      const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
      grant.addOIDCScope('openid email')
      await grant.save()
      return grant
    },
  })
  const serve = provider.callback()
  server.on('request', async (req, res) => {
    if (!req.url.startsWith('/interaction/')) return serve(req, res)
    if (req.method === 'GET') {
      res.setHeader('content-type', 'text/html')
      return res.end('<!doctype html><title>Sign in</title><form method="post"><input name="login"><button>Sign in</button></form>')
    }
    let body = ''
    for await (const part of req) body += part
    const login = new URLSearchParams(body).get('login')
    await provider.interactionFinished(req, res, accounts[login]
      ? { login: { accountId: login, amr: accounts[login].amr } }
      : { error: 'access_denied', error_description: 'nobody signed in' })
  })
  process.stdout.write(issuer + '\n')
})
