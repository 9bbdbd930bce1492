import { execFile } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { type RedisServer, startRedisServer } from '../../src/testing/redis-server.js'

/** A real Redis server whose clock the test sets; it does not move in between. */
export interface DrivenRedis extends AsyncDisposable {
  readonly server: RedisServer
  setTime(instantMs: number): void
}

/**
 * Starts the server under the library of the program `faketime` at this path. Rejects when the two do not get along;
 * the message says so.
 */
export async function startDrivenRedis(faketime: string, startMs: number): Promise<DrivenRedis> {
  const { stdout } = await promisify(execFile)(faketime, ['-m', '-f', '+0s', 'env'])
  const library = /^LD_PRELOAD=(.*)$/m.exec(stdout)?.[1]
  if (library === undefined) throw new Error(`${faketime} names no library to preload: ${stdout}`)
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-time-'))
  const file = join(dir, 'now')
  const setTime = (instantMs: number): void => {
    // Renamed into place: the server never reads half a line.
    writeFileSync(`${file}.next`, `${new Date(instantMs).toISOString().slice(0, 23).replace('T', ' ')}\n`)
    renameSync(`${file}.next`, file)
  }
  setTime(startMs)
  const environment = {
    TZ: 'UTC',
    // jemalloc asks for the time before the library can give it; the C library's allocator does not.
    LD_PRELOAD: `${library} libc.so.6`,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    // The server's own timers continue by the true time. One setting under its old and its new name.
    DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  const former = Object.keys(environment).map((name) => [name, process.env[name]] as const)
  let server: RedisServer
  try {
    Object.assign(process.env, environment)
    server = await startRedisServer({ readyTimeoutMs: 10_000 })
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    throw error
  } finally {
    for (const [name, value] of former) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  const driven: DrivenRedis = {
    server,
    setTime,
    async [Symbol.asyncDispose]() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
  const client = new Redis(server.url)
  try {
    for (const at of [startMs + 1_234, startMs]) {
      setTime(at)
      const [seconds, micros] = await client.time()
      const shown = Number(seconds) * 1_000 + Number(micros) / 1_000
      if (shown !== at) throw new Error(`the server shows ${shown} in place of ${at}`)
    }
  } catch (error) {
    await driven[Symbol.asyncDispose]()
    throw error
  } finally {
    client.disconnect()
  }
  return driven
}
