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

export const restore: Fault = {
  name: 'redis: SIGKILL, and an older snapshot is restored',
  promise:
    '3, 4, and 1 and 2 for occurrences that are due before the snapshot or after the restart; the fleet continues without help',
  isDeclared: true,
  pauseMs: [3_000, 5_000],
  async inject({ admin, server, random, beginDataLoss }) {
    await admin.save()
    const savedAt = Date.now()
    await sleep(random.between(500, 2_000))
    await server.kill()
    beginDataLoss(savedAt)
    await server.restart()
  },
}

/** Deletes a state only where no run is noted in it: what an eviction of a key that nothing uses does. */
const DELETE_IDLE_STATE = `
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 4) == 'run:' then return 0 end
end
return redis.call('DEL', KEYS[1])`

export const lostState: Fault = {
  name: 'redis: the state of a schedule without a run is deleted',
  promise: ONCE,
  pauseMs: [50, 300],
  async inject({ admin, prefix, random }) {
    const names = (await admin.zrange(`{${prefix}}:names`, '0', '-1')).sort()
    await admin.eval(DELETE_IDLE_STATE, 1, `{${prefix}}:state:${random.pick(names)}`)
  },
}

export const stall: Fault = {
  name: 'redis: is frozen (SIGSTOP)',
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
