// Simulates the queues of a fleet that is larger than any machine at hand: fires arrive at the shards as schedules come
// due, each shard's Redis serves them one by one, each worker runs them in its slots. Prints how late they start.
//   node benchmarks/simulate-capacity.mjs --schedules 1000000 --period 60 --workers 40 --shards 4 --run 0.2
import { parseArgs } from 'node:util'
import { fireSeconds, MEASURED, planCapacity, slotsNeeded } from './capacity-model.mjs'

/** A random number generator of its own, so that a run can be repeated: mulberry32. */
export function createRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * Simulates fires over some seconds and gives their lateness, in seconds.
 *
 * @param {{ firesPerSecond: number, seconds: number, workers: number, concurrency?: number, shards?: number,
 *   runSeconds?: number, aligned?: number, seed?: number }} fleet `aligned`: the share of fires that come on the whole
 *   second, the others are spread evenly
 */
export function simulateFleet(fleet, costs = MEASURED) {
  const {
    firesPerSecond,
    seconds,
    workers,
    concurrency = 50,
    shards = 1,
    runSeconds = 0.01,
    aligned = 0,
    seed = 1,
  } = fleet
  const random = createRandom(seed)
  const count = Math.round(firesPerSecond * seconds)
  const dues = Float64Array.from({ length: count }, (_, index) => {
    const at = (index / count) * seconds
    return random() < aligned ? Math.floor(at) : at + random() / firesPerSecond
  }).sort()
  const serveSeconds = fireSeconds(workers, costs)
  const freeAt = new Float64Array(shards)
  const slots = createHeap(workers * concurrency)
  const lateness = new Float64Array(count)
  for (let index = 0; index < count; index += 1) {
    const shard = Math.floor(random() * shards)
    // A claim needs a free slot first: without one no worker claims.
    const askedAt = Math.max(dues[index], slots.first())
    const servedAt = Math.max(askedAt, freeAt[shard]) + serveSeconds
    freeAt[shard] = servedAt
    slots.replaceFirst(servedAt + runSeconds * -Math.log(1 - random()))
    lateness[index] = servedAt - dues[index]
  }
  const sorted = lateness.slice().sort()
  const at = (share) => (count === 0 ? 0 : sorted[Math.min(count - 1, Math.floor(count * share))])
  const half = Math.floor(count / 2)
  const mean = (list) => (list.length === 0 ? 0 : list.reduce((sum, value) => sum + value, 0) / list.length)
  return {
    fires: count,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    /** More than about 1.5: the second half is later than the first, so it falls behind for good. */
    growth: mean(lateness.subarray(half)) / Math.max(1e-9, mean(lateness.subarray(0, half))),
  }
}

/** The slots of a fleet by the moment they come free, the first one on top. */
function createHeap(size) {
  const heap = new Float64Array(size)
  return {
    first: () => heap[0],
    replaceFirst(value) {
      let at = 0
      for (;;) {
        let child = 2 * at + 1
        if (child >= size) break
        if (child + 1 < size && heap[child + 1] < heap[child]) child += 1
        if (heap[child] >= value) break
        heap[at] = heap[child]
        at = child
      }
      heap[at] = value
    },
  }
}

/** Reads the command line and prints plan and simulation side by side. */
function main() {
  const number = (fallback) => ({ type: 'string', default: String(fallback) })
  const { values } = parseArgs({
    options: {
      schedules: number(10_000),
      period: number(60),
      workers: number(4),
      concurrency: number(50),
      shards: number(1),
      run: number(0.1),
      aligned: number(0),
      seconds: number(20),
      history: number(1000),
      seed: number(1),
    },
  })
  const given = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]))
  const firesPerSecond = given.schedules / given.period
  const fleet = { ...given, firesPerSecond, historyCount: given.history, runSeconds: given.run }
  const plan = planCapacity({ ...fleet, sameInstant: firesPerSecond * given.aligned })
  const simulated = simulateFleet(fleet)
  const ms = (value) => `${(value * 1000).toFixed(1)} ms`
  const rows = {
    'fires per second': firesPerSecond.toFixed(1),
    'Redis busy, the busiest shard': `${(plan.utilization * 100).toFixed(1)} %`,
    'shards needed': plan.shardsNeeded,
    'memory, all shards': `${(plan.bytes / 2 ** 30).toFixed(2)} GiB (history ${(plan.historyShare * 100).toFixed(0)} %)`,
    'slots needed / there': `${slotsNeeded(firesPerSecond, given.run)} / ${given.workers * given.concurrency}`,
    'simulated: late p50 / p99 / worst': `${ms(simulated.p50)} / ${ms(simulated.p99)} / ${ms(simulated.worst)}`,
    'simulated: falls behind': simulated.growth > 1.5 && simulated.p50 > 0.1 ? 'yes' : 'no',
  }
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(36)} ${value}\n`)
}

if (process.argv[1] === new URL(import.meta.url).pathname) main()
