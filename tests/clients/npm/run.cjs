// The unmodified npm xen-api client against a three-host pool. Usage: node run.cjs PATH-OF-XENITH
'use strict'

const { spawn } = require('node:child_process')
const { mkdtempSync, readdirSync, readFileSync, rmSync } = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const assert = require('node:assert/strict')
const { createClient } = require('xen-api')

// No word that stands in logs for another reason.
const PASSWORD = 'horse battery'
const READY_WITHIN_MS = 120e3
const SEEN_WITHIN_MS = 20e3

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

async function startPool(xenith) {
  const dir = mkdtempSync(join(tmpdir(), 'xenith-npm-'))
  const [http, tls, link] = [await freePort(), await freePort(), await freePort()]
  const ports = ['--http-port', http, '--tls-port', tls, '--link-port', link].map(String)
  const log = ['--config-set', 'log.filter=debug,openraft=info']
  const args = ['up', '--dir', dir, '--password', PASSWORD, ...ports, ...log]
  const child = spawn(xenith, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time; logs in ${dir}`)), READY_WITHIN_MS)
    let text = ''
    child.stdout.on('data', chunk => {
      text += chunk
      if (/^ready$/m.test(text)) {
        clearTimeout(timer)
        resolve()
      }
    })
    child.once('exit', code => reject(new Error(`xenith up ended with ${code}; logs in ${dir}`)))
  })
  child.removeAllListeners('exit')
  const stop = () =>
    new Promise(resolve => {
      child.once('exit', () => {
        rmSync(dir, { recursive: true, force: true })
        resolve()
      })
      child.kill('SIGINT')
    })
  return { dir, http, secrets: new Set([PASSWORD]), stop, facts: JSON.parse(readFileSync(join(dir, 'pool.json'), 'utf8')) }
}

async function eventually(what, condition) {
  const deadline = Date.now() + SEEN_WITHIN_MS
  while (!condition()) {
    assert.ok(Date.now() < deadline, `${what}: not in time`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function watchAll(pool, address, transport) {
  const client = createClient({
    url: `http://${address}:${pool.http}`,
    auth: { user: pool.facts.username, password: pool.facts.password },
    ...(transport === undefined ? {} : { transport }),
  })
  await client.connect()
  await client.objectsFetched
  pool.secrets.add(client.sessionId.replace('OpaqueRef:', ''))
  const all = Object.values(client.objects.all)
  const count = type => all.filter(object => object.$type === type).length
  assert.equal(count('pool'), 1)
  assert.equal(count('host'), 3)
  assert.ok(count('VM') > 3, 'templates and control domains are seen')

  const task = await client.call('task.create', 'npm', 'from the npm client')
  await eventually('the task is seen', () => client.objects.all[task] !== undefined || find(client, task))
  await client.call('task.set_status', task, 'success')
  await client.call('task.destroy', task)
  await eventually('the task is gone', () => find(client, task) === undefined)

  await client.call('pool.add_to_other_config', client.pool.$ref, 'npm', 'yes')
  await eventually('the change is seen', () => client.pool.other_config.npm === 'yes')
  await client.call('pool.remove_from_other_config', client.pool.$ref, 'npm')
  await client.disconnect()
}

// Lines of logs that hold what the clients were given; python/run.py shows that such a search can fail.
function leaks(pool) {
  const logs = readdirSync(pool.dir, { recursive: true }).filter(name => /\.log(\.\d+)?$/.test(name))
  assert.ok(logs.some(name => name.endsWith('audit.log')), `no audit log among ${logs}`)
  const holds = name => [...pool.secrets].some(secret => readFileSync(join(pool.dir, name), 'utf8').includes(secret))
  return logs.filter(holds)
}

const find = (client, ref) => Object.values(client.objects.all).find(object => object.$ref === ref)

async function main() {
  const pool = await startPool(process.argv[2])
  try {
    await watchAll(pool, '127.0.0.1')
    console.log('ok watches all objects')
    await watchAll(pool, '127.0.0.2')
    console.log('ok follows HOST_IS_SLAVE')
    await watchAll(pool, '127.0.0.1', 'xml-rpc')
    console.log('ok watches all objects over XML-RPC')
    assert.ok(pool.secrets.size > 3, 'the sessions are known')
    assert.deepEqual(leaks(pool), [])
    console.log('ok no log holds a secret')
  } finally {
    await pool.stop()
  }
  console.log('npm client: 4 passed')
}

main().then(
  () => process.exit(0),
  error => {
    console.error(error)
    process.exit(1)
  }
)
