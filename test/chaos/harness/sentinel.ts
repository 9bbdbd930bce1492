import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { tryFindRedisServer } from '../../../src/testing/install-redis.js'
import { type RedisServer, startRedisServer } from '../../../src/testing/redis-server.js'
import { waitFor } from '../../support/wait-for.js'

/** A primary with two replicas, and three sentinels that watch over them. */
export interface SentinelGroup extends AsyncDisposable {
  readonly name: string
  readonly sentinels: { host: string; port: number }[]
  /** Kills the primary of now; resolves when the sentinels have made another one, and the old one follows it. */
  failOver(): Promise<void>
}

const NAME = 'group'

/** Starts the group; resolves when the sentinels know of each other and the replicas are in step. */
export async function startSentinelGroup(): Promise<SentinelGroup> {
  const args = ['--repl-diskless-sync-delay', '0']
  const servers: RedisServer[] = [await startRedisServer({ args })]
  const first = servers[0]!
  for (let index = 0; index < 2; index += 1)
    servers.push(await startRedisServer({ args: [...args, '--replicaof', '127.0.0.1', String(first.port)] }))
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-sentinel-'))
  const children: ChildProcess[] = []
  const sentinels: { host: string; port: number }[] = []
  for (let index = 0; index < 3; index += 1) {
    const port = 32_100 + Math.floor(Math.random() * 600)
    const file = join(dir, `sentinel-${index}.conf`)
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor ${NAME} 127.0.0.1 ${first.port} 2`,
      `sentinel down-after-milliseconds ${NAME} 500`,
      `sentinel failover-timeout ${NAME} 2000`,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    const child = spawn(tryFindRedisServer()!, [file, '--sentinel'], { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(child)
    process.once('exit', () => child.kill('SIGKILL'))
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`sentinel ${index} on port ${port} ended`)))
      createInterface(child.stdout).on('line', (line) => line.includes('+monitor') && resolve())
    })
    sentinels.push({ host: '127.0.0.1', port })
  }
  const asked = new Redis({ ...sentinels[0], maxRetriesPerRequest: null })
  const primaryPort = async (): Promise<number> => {
    const address = (await asked.call('SENTINEL', 'get-master-addr-by-name', NAME)) as [string, string]
    return Number(address[1])
  }
  const untilComplete = () =>
    waitFor(
      async () => {
        const flat = (await asked.call('SENTINEL', 'MASTER', NAME)) as string[]
        const field = (name: string): string => flat[flat.indexOf(name) + 1] ?? ''
        const replicas = (await asked.call('SENTINEL', 'REPLICAS', NAME)) as string[][]
        const areUp = replicas.every((words) => words[words.indexOf('master-link-status') + 1] === 'ok')
        return (
          areUp && field('num-slaves') === '2' && field('num-other-sentinels') === '2' && field('flags') === 'master'
        )
      },
      { what: 'the sentinels to know of everybody', timeoutMs: 30_000, intervalMs: 100 },
    )
  await untilComplete()
  return {
    name: NAME,
    sentinels,
    async failOver() {
      const port = await primaryPort()
      const server = servers.find((each) => each.port === port)!
      await server.kill()
      await waitFor(async () => (await primaryPort()) !== port, {
        what: 'another primary',
        timeoutMs: 30_000,
        intervalMs: 50,
      })
      await server.restart()
      await untilComplete()
    },
    async [Symbol.asyncDispose]() {
      asked.disconnect()
      for (const child of children) {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
      for (const server of servers) await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
