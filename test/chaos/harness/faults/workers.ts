import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../scenario.js'
import { ONCE, refill, untilNextSecond } from './promise.js'

export const kill: Fault = {
  name: 'worker: SIGKILL',
  promise: ONCE,
  async inject(context) {
    await context.fleet.kill(context.random.pick(context.fleet.alive))
    await refill(context)
  },
}

export const freeze: Fault = {
  name: 'worker: SIGSTOP beyond the lease, then SIGCONT',
  promise: `${ONCE}; a worker that wakes up without its lease stops the run`,
  pauseMs: [200, 800],
  async inject({ fleet, random, leaseMs }) {
    await fleet.freeze(random.pick(fleet.alive), leaseMs + random.between(200, 2_500))
  },
}

export const terminate: Fault = {
  name: 'worker: SIGTERM just before an instant',
  promise: `${ONCE}; its claimed runs end, or another worker runs them`,
  async inject(context) {
    await untilNextSecond(context.random.between(0, 12))
    const going = context.fleet.terminate(context.random.pick(context.fleet.alive))
    await refill(context)
    await going
  },
}

export const block: Fault = {
  name: 'worker: event loop blocked beyond the lease',
  promise: `${ONCE}; the blocked run ends as abandoned or is delivered again`,
  pauseMs: [200, 800],
  async inject({ fleet, random, leaseMs }) {
    const worker = random.pick(fleet.alive)
    const blockMs = leaseMs + random.between(200, 1_500)
    worker.child.send({ blockMs })
    await sleep(blockMs)
  },
}

export const blockKept: Fault = {
  ...block,
  name: 'worker: event loop blocked beyond the lease, which a thread keeps',
  promise: `${ONCE}; no worker takes over`,
  prepare: ({ workerCount }) =>
    Promise.resolve({
      places: Array.from({ length: workerCount }, () => ({ options: { leaseKeeper: 'thread' } })),
      keepsLeases: true,
    }),
}

/** Enough for a worker and its runs, and soon full. */
const HEAP_MB = 48

export const heap: Fault = {
  name: 'worker: a handler eats the heap until the process dies',
  promise: ONCE,
  prepare: ({ workerCount }) =>
    Promise.resolve({
      places: Array.from({ length: workerCount }, () => ({ args: [`--max-old-space-size=${HEAP_MB}`] })),
    }),
  async inject(context) {
    const { fleet, random } = context
    const worker = random.pick(fleet.alive)
    worker.child.send({ eatHeap: true })
    await fleet.untilGone(worker)
    await refill(context)
  },
}
