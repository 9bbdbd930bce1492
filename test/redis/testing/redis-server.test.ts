import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../../../src/testing/redis-server.js'
import { waitFor } from '../../support/wait-for.js'
import { spawnWorker } from '../../support/worker-process.js'

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options)
  onTestFinished(() => server.stop())
  return server
}

function connect(server: RedisServer): Redis {
  const client = new Redis(server.url)
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // In a container without an init process no process collects an ended orphan: it stays as a zombie.
  return !(existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
}

describe('startRedisServer', () => {
  it('startRedisServer answers on the loopback without persistence', async () => {
    const client = connect(await start())
    expect(await client.ping()).toBe('PONG')
    expect(await client.config('GET', 'save')).toEqual(['save', ''])
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'no'])
    expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1'])
  })

  it('startRedisServer gives each of many servers started at once a port of its own', async () => {
    const servers = await Promise.all(Array.from({ length: 5 }, () => start()))
    expect(new Set(servers.map((server) => server.port)).size).toBe(5)
  })

  it('startRedisServer removes its own folder when it stops, and keeps a given one', async () => {
    const given = mkdtempSync(join(tmpdir(), 'everybeat-given-'))
    onTestFinished(() => rmSync(given, { recursive: true }))
    const [own, other] = [await start(), await start({ dir: given })]
    await own.stop()
    await other.stop()
    expect([existsSync(own.dir), existsSync(given)]).toEqual([false, true])
    expect([isAlive(own.pid), isAlive(other.pid)]).toEqual([false, false])
  })

  it('startRedisServer is disposed of by await using', async () => {
    let pid: number
    {
      await using server = await startRedisServer()
      pid = server.pid
      expect(isAlive(pid)).toBe(true)
    }
    expect(isAlive(pid)).toBe(false)
  })

  it('startRedisServer restarts on its port after SIGKILL, with its data from an append-only file', async () => {
    const server = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    const client = connect(server)
    await client.set('kept', 'yes')
    const { pid, port } = server
    await server.kill()
    expect(isAlive(pid)).toBe(false)
    await server.restart()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    expect(await client.get('kept')).toBe('yes')
  })

  it('startRedisServer restarts empty without an append-only file', async () => {
    const server = await start()
    const client = connect(server)
    await client.set('kept', 'yes')
    await server.restart()
    expect(await client.get('kept')).toBeNull()
  })

  it('startRedisServer is frozen by SIGSTOP and continues after SIGCONT', async () => {
    const server = await start()
    const client = connect(server)
    await client.ping()
    await server.kill('SIGSTOP')
    let hasAnswered = false
    const answer = client.ping().then(() => (hasAnswered = true))
    await expect(waitFor(() => hasAnswered, { timeoutMs: 200, what: 'an answer' })).rejects.toThrow('without success')
    await server.kill('SIGCONT')
    expect(await answer).toBe(true)
  })

  it('startRedisServer refuses a restart after the server was stopped', async () => {
    const server = await start()
    await server.stop()
    await server.stop()
    await expect(server.restart()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_STATE' })
  })

  it('the error of startRedisServer names the port that is taken, with the output of the server', async () => {
    const { port } = await start()
    await expect(startRedisServer({ port })).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_CONNECTION',
      message: expect.stringMatching(new RegExp(`${port} ended with 1 .*Address already in use`, 's')) as string,
    })
  })

  it('the error of startRedisServer has the message of the server about a wrong argument, and no folder remains', async () => {
    const dir = join(tmpdir(), 'everybeat-absent-dir')
    const wrong = startRedisServer({ args: ['--no-such-option', 'x'] })
    await expect(wrong).rejects.toThrow(/Bad directive or wrong number of arguments/)
    await expect(startRedisServer({ dir })).rejects.toThrow(EverybeatError)
  })

  it.each(['--port', '--dir', '--logfile', '--DAEMONIZE'])(
    'startRedisServer refuses the argument %s, which has an option of its own',
    async (name) => {
      await expect(startRedisServer({ args: [name, '1'] })).rejects.toMatchObject({
        code: 'ERR_EVERYBEAT_OPTIONS',
        field: 'args',
        value: name,
      })
    },
  )

  it('startRedisServer writes the log of the server to onProgress', async () => {
    const lines: string[] = []
    await start({ quiet: false, onProgress: (line) => lines.push(line) })
    expect(lines.join('\n')).toContain('Ready to accept connections')
  })
})

describe('a Redis server whose starter ends', () => {
  const fixture = new URL('../../support/fixtures/redis-owner.mjs', import.meta.url)

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'exit', 'throw'] as const)(
    'a Redis server ends when its starter ends, after %s',
    async (how) => {
      const owner = await spawnWorker({ fixture })
      const { pid, dir } = owner.journal[0] as unknown as { pid: number; dir: string }
      expect([isAlive(pid), existsSync(dir)]).toEqual([true, true])
      if (how === 'exit' || how === 'throw') owner.send({ end: how })
      else await owner.kill(how)
      await waitFor(() => !isAlive(pid), { what: `the end of server ${pid}` })
      await waitFor(() => !existsSync(dir), { what: `the removal of ${dir}` })
    },
  )
})
