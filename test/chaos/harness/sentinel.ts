import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { tryFindRedisServer } from '../../../src/testing/install-redis.js'
import { waitFor } from '../../support/wait-for.js'
import {
  type FailoverGroup,
  type FailoverNode,
  loseStream,
  startFailoverNode,
  untilInStep,
  untilPrimary,
} from './failover-node.js'

const NAME = 'group'
const REPLICAS = 2
/** Less than two times the second between two tries to connect, and sentinels take a new primary for dead. */
const DOWN_AFTER_MS = 2_000

interface Sentinel {
  readonly port: number
  readonly child: ChildProcess
  readonly client: Redis
}

/** Starts a primary with two replicas and three sentinels; resolves when they know of each other and are in step. */
export async function startSentinelGroup(): Promise<FailoverGroup> {
  const nodes: FailoverNode[] = []
  for (let index = 0; index <= REPLICAS; index += 1) {
    nodes.push(
      await startFailoverNode((_port, relayPort) => [
        ...['--replica-announce-ip', '127.0.0.1', '--replica-announce-port', String(relayPort)],
      ]),
    )
  }
  let primary = nodes[0]!
  const follow = (node: FailoverNode): Promise<unknown> => node.admin.replicaof('127.0.0.1', primary.relay.port)
  for (const node of nodes.slice(1)) await follow(node)
  await untilInStep(primary, REPLICAS)
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-sentinel-'))
  const sentinels: Sentinel[] = []
  for (let index = 0; index < 3; index += 1) sentinels.push(await startSentinel(dir, index, primary.relay.port))

  /** What a sentinel takes for the primary, when it finds everybody well. */
  async function askForPrimary({ client }: Sentinel): Promise<FailoverNode> {
    const fields = toFields(await client.call('SENTINEL', 'MASTER', NAME))
    const replicas = ((await client.call('SENTINEL', 'REPLICAS', NAME)) as unknown[]).map(toFields)
    const isComplete =
      fields.get('flags') === 'master' &&
      fields.get('num-other-sentinels') === '2' &&
      replicas.length === REPLICAS &&
      replicas.every((each) => each.get('flags') === 'slave')
    const tell = (each: Map<string, string>): string => `${each.get('port')} ${each.get('flags')}`
    if (!isComplete) throw new Error([fields, ...replicas].map(tell).join(', '))
    return nodes.find(({ relay }) => String(relay.port) === fields.get('port'))!
  }

  async function untilComplete(): Promise<void> {
    await waitFor(
      async () => {
        const found = new Set(await Promise.all(sentinels.map(askForPrimary)))
        primary = [...found][0]!
        return found.size === 1
      },
      { what: 'the sentinels to agree', timeoutMs: 40_000, intervalMs: 50 },
    )
    await untilInStep(primary, REPLICAS)
  }

  /** The node that the sentinels have made primary in place of the one before. */
  async function findSuccessor(former: FailoverNode): Promise<FailoverNode> {
    return await waitFor(
      async () => {
        const [, port] = (await sentinels[0]!.client.call('SENTINEL', 'get-master-addr-by-name', NAME)) as string[]
        return Number(port) !== former.relay.port && nodes.find(({ relay }) => relay.port === Number(port))
      },
      { what: 'another primary', timeoutMs: 30_000, intervalMs: 20 },
    )
  }

  await untilComplete()
  return {
    workerOptions: {
      redis: { sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: NAME, role: 'master' },
    },
    async connect() {
      const client = new Redis({
        sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
        name: NAME,
        maxRetriesPerRequest: null,
      })
      client.on('error', () => {})
      return Promise.resolve(client)
    },
    async failOver(kind, random) {
      const former = primary
      await loseStream(former, kind, random)
      const isKilled = kind === 'killed' || kind === 'killed-behind'
      if (isKilled) await former.server.kill()
      else {
        await waitFor(async () => (await sentinels[0]!.client.call('SENTINEL', 'FAILOVER', NAME)) === 'OK', {
          what: 'a sentinel to take the order',
          intervalMs: 20,
        })
      }
      primary = await findSuccessor(former)
      await untilPrimary(primary)
      former.relay.setLosing(false)
      if (isKilled) {
        await former.server.restart()
        // Else the sentinels would do it, some ten seconds later.
        await follow(former)
      }
      await untilComplete()
    },
    async [Symbol.asyncDispose]() {
      for (const { child, client } of sentinels) {
        client.disconnect()
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
      await Promise.all(nodes.map((node) => node.close()))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function startSentinel(dir: string, index: number, primaryPort: number): Promise<Sentinel> {
  const port = 22_800 + Math.floor(Math.random() * 7_000)
  const file = join(dir, `sentinel-${index}.conf`)
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 2000`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn(tryFindRedisServer()!, [file, '--sentinel'], { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] })
  process.once('exit', () => child.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`sentinel ${index} on port ${port} ended`)))
    createInterface(child.stdout).on('line', (line) => line.includes('+monitor') && resolve())
  })
  return { port, child, client: new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null }) }
}

function toFields(flat: unknown): Map<string, string> {
  const words = flat as string[]
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < words.length; index += 2) fields.set(words[index]!, words[index + 1]!)
  return fields
}
