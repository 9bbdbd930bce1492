import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, type TestContext } from 'vitest'
import { tryFindRedisServer } from '../../src/testing/install-redis.js'
import { PortTakenError, type RedisProcess, spawnRedis } from '../../src/testing/redis-process.js'

const run = promisify(execFile)

/** A certificate with its key and the CA that signed it: PEM texts, as the option `tls` takes them, and their files. */
export interface Identity {
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** A server that speaks nothing but TLS, and only with clients that have a certificate of its CA. */
export interface TlsServer {
  readonly port: number
  /** `rediss://127.0.0.1:<port>` */
  readonly url: string
  stop(): Promise<void>
}

/** The certificates of a suite, and servers that use them. */
export interface SuiteTls {
  /** Skips the test where this machine cannot do TLS. */
  need(ctx: TestContext): void
  /** Signed by the CA of the servers, for the server and for its clients. */
  readonly ours: Identity
  /** The same from a CA that no client trusts. */
  readonly stranger: Identity
  start(args?: readonly string[], identity?: Identity, port?: number): Promise<TlsServer>
}

/** Gives a file's tests certificates of their own. Call it where hooks may be called; use it inside tests only. */
export function useTls(): SuiteTls {
  const servers: TlsServer[] = []
  let dir = ''
  let missing: string | null = null
  let identities: { ours: Identity; stranger: Identity } | null = null
  const made = () => {
    if (!identities) throw new Error('the certificates of this suite exist inside tests only')
    return identities
  }
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'everybeat-tls-'))
    try {
      identities = { ours: await makeIdentity(dir, 'ours'), stranger: await makeIdentity(dir, 'stranger') }
    } catch (error) {
      missing = `certificates cannot be made with openssl: ${(error as Error).message}`
      return
    }
    try {
      await (await start()).stop()
    } catch (error) {
      missing = `redis-server does not start with TLS: ${(error as Error).message}`
    }
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    rmSync(dir, { recursive: true, force: true })
  })

  async function start(args: readonly string[] = [], identity = made().ours, wanted?: number): Promise<TlsServer> {
    const binary = tryFindRedisServer()
    if (binary === null) throw new Error('there is no redis-server')
    const { ca, cert, key } = identity.files
    const files = ['--tls-ca-cert-file', ca, '--tls-cert-file', cert, '--tls-key-file', key]
    for (let attempt = 1; ; attempt += 1) {
      const port = wanted ?? (await findFreePort())
      const own = mkdtempSync(join(dir, 'server-'))
      const tls = ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'yes', ...files]
      const all = [
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--tls-replication',
        'yes',
        ...tls,
        ...args,
      ]
      const common = {
        binary,
        args: all,
        env: {},
        port,
        dir: own,
        temporaryDir: own,
        readyTimeoutMs: 20_000,
        onLine: () => {},
      }
      try {
        const server = toServer(port, await spawnRedis(common))
        servers.push(server)
        return server
      } catch (error) {
        if (!(error instanceof PortTakenError) || wanted !== undefined || attempt === 5) throw error
      }
    }
  }

  return {
    need: (ctx) => ctx.skip(missing !== null, missing ?? ''),
    get ours() {
      return made().ours
    },
    get stranger() {
      return made().stranger
    },
    start,
  }
}

function toServer(port: number, redis: RedisProcess): TlsServer {
  return {
    port,
    url: `rediss://127.0.0.1:${port}`,
    async stop() {
      if (redis.hasExited()) return
      redis.signal('SIGTERM')
      await redis.untilExit()
    },
  }
}

/** A CA and a certificate that it signed for 127.0.0.1, good for servers and clients, for a day. */
async function makeIdentity(dir: string, name: string): Promise<Identity> {
  const path = (file: string) => join(dir, `${name}-${file}`)
  const [ca, caKey, cert, key, request] = ['ca.crt', 'ca.key', 'it.crt', 'it.key', 'it.csr'].map(path) as [
    ...[string, string, string, string, string],
  ]
  const openssl = (...args: string[]) => run('openssl', args)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl('req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-days', '1', '-subj', `/CN=${name} CA`)
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1']
  await openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${name}`, ...names)
  const sign = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '1', '-copy_extensions', 'copy']
  await openssl('x509', '-req', '-in', request, '-out', cert, ...sign)
  const read = (file: string) => readFileSync(file, 'utf8')
  return { tls: { ca: read(ca), cert: read(cert), key: read(key) }, files: { ca, cert, key } }
}

async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
