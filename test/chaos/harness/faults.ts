import { setTimeout as sleep } from 'node:timers/promises'
import { createFakeClock } from '../../support/fake-clock.js'
import { ensureTool } from '../../support/tools.js'
import type { ChaosContext, Fault } from './scenario.js'

const ONCE = 'an occurrence of `skip` starts at most once, one of `rerun` is finished; each is in the history once'

/** Leaves the fleet as large as it was. */
async function refill({ fleet, workerCount }: ChaosContext): Promise<void> {
  while (fleet.alive.length < workerCount) await fleet.spawn()
}

const untilNextSecond = (leadMs: number): Promise<void> => sleep((2_000 - (Date.now() % 1_000) - leadMs) % 1_000)

const kill: Fault = {
  name: 'worker: SIGKILL',
  promise: ONCE,
  async inject(context) {
    await context.fleet.kill(context.random.pick(context.fleet.alive))
    await refill(context)
  },
}

const freeze: Fault = {
  name: 'worker: SIGSTOP beyond the lease, then SIGCONT',
  promise: `${ONCE}; who wakes up without a lease does not go on`,
  pauseMs: [200, 800],
  async inject({ fleet, random, leaseMs }) {
    await fleet.freeze(random.pick(fleet.alive), leaseMs + random.between(200, 2_500))
  },
}

const terminate: Fault = {
  name: 'worker: SIGTERM just before an instant',
  promise: `${ONCE}; what it has claimed is ended or handed on`,
  async inject(context) {
    await untilNextSecond(context.random.between(0, 12))
    const going = context.fleet.terminate(context.random.pick(context.fleet.alive))
    await refill(context)
    await going
  },
}

const block: Fault = {
  name: 'worker: event loop blocked beyond the lease',
  promise: `${ONCE}; the blocked run learns that its lease is gone`,
  pauseMs: [200, 800],
  async inject({ fleet, random, leaseMs }) {
    const worker = random.pick(fleet.alive)
    const blockMs = leaseMs + random.between(200, 1_500)
    worker.child.send({ blockMs })
    await sleep(blockMs)
  },
}

const clientKill: Fault = {
  name: 'redis: CLIENT KILL of every connection',
  promise: ONCE,
  pauseMs: [100, 700],
  async inject({ admin, random }) {
    if (random.next() < 0.5) await untilNextSecond(random.between(0, 4))
    await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    if (random.next() < 0.5) await admin.client('KILL', 'TYPE', 'pubsub')
  },
}

const scriptFlush: Fault = {
  name: 'redis: SCRIPT FLUSH',
  promise: ONCE,
  pauseMs: [50, 300],
  inject: async ({ admin }) => void (await admin.script('FLUSH')),
}

const restart: Fault = {
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

const forget: Fault = {
  name: 'redis: SIGKILL without persistence',
  promise: 'the fleet goes on by itself, with what is declared in code; nothing starts twice',
  isDeclared: true,
  pauseMs: [4_000, 6_000],
  async inject({ server, random, beginAmnesia }) {
    beginAmnesia()
    await server.kill()
    await sleep(random.between(0, 1_500))
    await server.restart()
  },
}

const flush: Fault = {
  name: 'redis: FLUSHALL',
  promise: 'the fleet goes on by itself, with what is declared in code; nothing starts twice',
  isDeclared: true,
  pauseMs: [4_000, 6_000],
  async inject({ admin, beginAmnesia }) {
    beginAmnesia()
    await admin.flushall()
  },
}

const stall: Fault = {
  name: 'redis: stands still (SIGSTOP)',
  promise: ONCE,
  pauseMs: [500, 1_500],
  async inject({ server, random }) {
    await server.kill('SIGSTOP')
    await sleep(random.between(300, 4_000))
    await server.kill('SIGCONT')
  },
}

const pause: Fault = {
  name: 'redis: CLIENT PAUSE',
  promise: ONCE,
  pauseMs: [500, 1_500],
  async inject({ admin, random }) {
    const ms = random.between(100, 3_000)
    await admin.call('CLIENT', 'PAUSE', String(ms), random.pick(['ALL', 'WRITE']))
    await sleep(ms)
  },
}

const memory: Fault = {
  name: 'redis: out of memory (noeviction)',
  promise: ONCE,
  serverArgs: ['--maxmemory-policy', 'noeviction'],
  async inject({ admin, random }) {
    await admin.config('SET', 'maxmemory', '1')
    await sleep(random.between(200, 3_000))
    await admin.config('SET', 'maxmemory', '0')
  },
}

const readOnly: Fault = {
  name: 'redis: becomes a read-only replica, and a primary again',
  promise: ONCE,
  async inject({ admin, random }) {
    // Of a primary that is not there: it keeps its data, and refuses to write.
    await admin.replicaof('127.0.0.1', 1)
    await sleep(random.between(200, 2_000))
    await admin.replicaof('NO', 'ONE')
  },
}

const slowNetwork: Fault = {
  name: 'network: slow, and cut at random',
  promise: ONCE,
  usesProxies: true,
  pauseMs: [100, 500],
  async inject({ proxies, random }) {
    const proxy = random.pick(proxies)
    proxy.delayMs = random.between(0, 80)
    if (random.next() < 0.4) await untilNextSecond(random.between(0, 5))
    if (random.next() < 0.6) proxy.cut()
  },
  heal: ({ proxies }) => {
    for (const proxy of proxies) proxy.delayMs = 0
    return Promise.resolve()
  },
}

const lostReplies: Fault = {
  name: 'network: replies cut at any byte',
  promise: ONCE,
  usesProxies: true,
  pauseMs: [20, 200],
  inject({ proxies, random }) {
    const proxy = random.pick(proxies)
    proxy.judge = ({ command, bytes }) => {
      if (!command[0]?.startsWith('eval')) return 'pass'
      proxy.judge = null
      return { cutAfter: random.between(0, bytes.length - 1) }
    }
    return Promise.resolve()
  },
  heal: ({ proxies }) => {
    for (const proxy of proxies) proxy.judge = null
    return Promise.resolve()
  },
}

const partition: Fault = {
  name: 'network: one worker cut off, packets vanish',
  promise: `${ONCE}; others take over after the lease`,
  usesProxies: true,
  async inject({ proxies, random, leaseMs }) {
    const proxy = random.pick(proxies)
    proxy.isBlackHole = true
    await sleep(leaseMs + random.between(-1_000, 2_000))
    proxy.isBlackHole = false
    proxy.cut()
  },
}

const wrongClocks: Fault = {
  name: 'clock: workers an hour ahead, an hour behind, and jumping',
  promise: `${ONCE}; never early`,
  async workerEnv(index) {
    const tool = await ensureTool('faketime')
    if (tool.kind === 'missing') throw new Error(tool.reason)
    const clock = await createFakeClock(tool.path, ['+1h', '-1h', '+0s'][index % 3]!)
    jumpers.push(clock)
    return clock.env
  },
  async inject({ random }) {
    const clock = jumpers.at(-1)!
    clock.jumpTo(random.pick(['+1h', '-1h', '+0s', '+10s', '-10s']))
    await Promise.resolve()
  },
  heal() {
    for (const clock of jumpers.splice(0)) clock.jumpTo('+0s')
    return Promise.resolve()
  },
}
const jumpers: Awaited<ReturnType<typeof createFakeClock>>[] = []

/** Every fault that is injected alone, by a short name. */
export const FAULTS: Record<string, Fault> = {
  kill,
  freeze,
  terminate,
  block,
  'client-kill': clientKill,
  'script-flush': scriptFlush,
  restart,
  forget,
  flush,
  stall,
  pause,
  memory,
  'read-only': readOnly,
  'slow-network': slowNetwork,
  'lost-replies': lostReplies,
  partition,
  clocks: wrongClocks,
}

/** Several at once: processes and connections die while scripts are forgotten and Redis stands still. */
FAULTS['mixed'] = {
  name: 'mixed: deaths, freezes, lost replies, lost connections, stalls',
  promise: ONCE,
  usesProxies: true,
  pauseMs: [100, 800],
  async inject(context) {
    const one = context.random.pick([kill, freeze, terminate, clientKill, scriptFlush, stall, lostReplies, slowNetwork])
    await one.inject(context)
  },
  async heal(context) {
    await slowNetwork.heal?.(context)
    await lostReplies.heal?.(context)
  },
}
