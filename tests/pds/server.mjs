// The reference AT Protocol server with one account, for the tests. Prints one JSON line when it is ready; ends
// with its standard input.
import http from 'node:http'

// The development servers listen on every address unless told otherwise, and cannot be told.
const listen = http.Server.prototype.listen
http.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', ...rest.filter((part) => typeof part === 'function'))
}

// The newsroom's public address, as our own server stands for it on this machine.
const ask = globalThis.fetch
globalThis.fetch = (asked, ...rest) => {
  const url = new URL(asked instanceof Request ? asked.url : asked)
  if (url.hostname !== 'desk.meridian.internal') return ask(asked, ...rest)
  return ask(process.env.DESK + url.pathname, { redirect: 'error' })
}

const { TestNetworkNoAppView } = await import('@atproto/dev-env')
const network = await TestNetworkNoAppView.create()
const handle = 'meridian.test'
const password = 'a-password-of-the-test'
const jwtSecret = 'jwt-secret' // the development server's own
const url = network.pds.url.replace('localhost', '127.0.0.1')
await network.pds.getClient().createAccount({ email: 'desk@news.example', handle, password })
await network.pds.getClient().createAccount({ email: 'harbour@news.example', handle: 'harbour.test', password })

// Who asks here for a DID document gets the directory's: in the tests one server stands in for all.
const web = network.pds.server.server
const listeners = web.listeners('request')
web.removeAllListeners('request')
web.on('request', async (request, response) => {
  if (!request.url.startsWith('/did:')) return listeners.forEach((each) => each.call(web, request, response))
  const known = await fetch(network.plc.url + request.url)
  response.writeHead(known.status, { 'Content-Type': 'application/json' })
  response.end(await known.text())
})
// Its OAuth knows itself by this name only.
const named = network.pds.url
console.log(JSON.stringify({ url, named, handle, password, jwtSecret }))

process.stdin.resume()
process.stdin.on('end', async () => {
  await network.close()
  process.exit(0)
})
