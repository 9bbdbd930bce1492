import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../scenario.js'
import { ONCE, untilNextSecond, WITHOUT_MEMORY } from './promise.js'

export const clientKill: Fault = {
  name: 'redis: CLIENT KILL of every connection',
  promise: ONCE,
  pauseMs: [100, 700],
  async inject({ admin, random }) {
    if (random.next() < 0.5) await untilNextSecond(random.between(0, 4))
    await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    if (random.next() < 0.5) await admin.client('KILL', 'TYPE', 'pubsub')
  },
}

export const scriptFlush: Fault = {
  name: 'redis: SCRIPT FLUSH',
  promise: ONCE,
  pauseMs: [50, 300],
  inject: async ({ admin }) => void (await admin.script('FLUSH')),
}

export const restart: Fault = {
  name: 'redis: SIGKILL and restart with AOF, fsync always',
  promise: ONCE,
  serverArgs: ['--appendonly', 'yes', '--appendfsync', 'always'],
  pauseMs: [1_500, 3_000],
  async inject({ server, random }) {
    await server.kill()
    await sleep(random.between(0, 2_500))
    await server.restart()
  },
}

export const forget: Fault = {
  name: 'redis: SIGKILL without persistence',
  promise: WITHOUT_MEMORY,
  isDeclared: true,
  pauseMs: [4_000, 6_000],
  async inject({ server, random, beginDataLoss }) {
    beginDataLoss()
    await server.kill()
    await sleep(random.between(0, 1_500))
    await server.restart()
  },
}

export const flush: Fault = {
  name: 'redis: FLUSHALL',
  promise: WITHOUT_MEMORY,
  isDeclared: true,
  pauseMs: [4_000, 6_000],
  async inject({ admin, beginDataLoss }) {
    beginDataLoss()
    await admin.flushall()
  },
}

export const stall: Fault = {
  name: 'redis: stands still (SIGSTOP)',
  promise: ONCE,
  pauseMs: [500, 1_500],
  async inject({ server, random }) {
    await server.kill('SIGSTOP')
    await sleep(random.between(300, 4_000))
    await server.kill('SIGCONT')
  },
}

export const pause: Fault = {
  name: 'redis: CLIENT PAUSE',
  promise: ONCE,
  pauseMs: [500, 1_500],
  async inject({ admin, random }) {
    const ms = random.between(100, 3_000)
    await admin.call('CLIENT', 'PAUSE', String(ms), random.pick(['ALL', 'WRITE']))
    await sleep(ms)
  },
}

export const memory: Fault = {
  name: 'redis: out of memory (noeviction)',
  promise: ONCE,
  serverArgs: ['--maxmemory-policy', 'noeviction'],
  async inject({ admin, random }) {
    await admin.config('SET', 'maxmemory', '1')
    await sleep(random.between(200, 3_000))
    await admin.config('SET', 'maxmemory', '0')
  },
}

export const readOnly: Fault = {
  name: 'redis: becomes a read-only replica, and a primary again',
  promise: ONCE,
  async inject({ admin, random }) {
    // Of a primary that is not there: it keeps its data, and refuses to write.
    await admin.replicaof('127.0.0.1', 1)
    await sleep(random.between(200, 2_000))
    await admin.replicaof('NO', 'ONE')
  },
}
