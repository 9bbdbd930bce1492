/**
 * The body of every process that the harness forks: it loads one driver, makes workers (or a registrar) with it and
 * answers the harness over IPC. Usage: fork(this file, [driver name]).
 */
import { createRecorder } from './recorder.mjs'
import { delay, wallTimeMs } from './time.mjs'

const driver = await import(`../drivers/${process.argv[2]}.mjs`)
const recorder = createRecorder()
let workers = []
let registrar
/** Processor time that handlers took, ms. */
let workedMs = 0

const methods = {
  /** Makes and starts `count` workers; gives when that began and ended, epoch ms. */
  async start({ url, plans, settings = {}, first = 0, count = 1, total = count }) {
    const handle = (id, scheduledAt) => {
      recorder.record(id, scheduledAt)
      // Only where the process is going to be killed and its memory with it.
      if (settings.stream) process.send({ fire: { id, scheduledAt, startedAt: wallTimeMs() } })
      if (settings.workMs) workedMs += work(settings.workMs)
      return settings.handlerMs ? delay(settings.handlerMs) : undefined
    }
    const beganAt = wallTimeMs()
    const started = []
    for (let index = first; index < first + count; index += 1) {
      started.push(driver.startWorker({ url, plans, settings, index, total, handle }))
      // A few at a time: a thousand connections at once would measure the connecting.
      if (started.length % 10 === 0) await Promise.all(started)
    }
    workers = await Promise.all(started)
    return { beganAt, readyAt: wallTimeMs() }
  },
  async stop() {
    await Promise.all(workers.map((worker) => worker.stop()))
    workers = []
  },
  /** Writes all schedules of `plans`; gives the milliseconds it took. */
  async register({ url, plans }) {
    registrar ??= await driver.createRegistrar({ url })
    const beganAt = performance.now()
    await registrar.register(plans)
    return performance.now() - beganAt
  },
  /** Edits one schedule to be due at `instant`; gives the wall time before and after the call. */
  async edit({ url, id, instant, task }) {
    registrar ??= await driver.createRegistrar({ url })
    const beganAt = wallTimeMs()
    await registrar.edit({ id, instant, task })
    return { beganAt, doneAt: wallTimeMs() }
  },
  workedMs: () => workedMs,
  count: () => recorder.count(),
  fires: () => recorder.take(),
  memory: () => {
    globalThis.gc?.()
    return process.memoryUsage()
  },
  async exit() {
    await registrar?.close()
    // Not from inside the handler, or the answer would be lost.
    setImmediate(() => process.exit(0))
  },
}

/** Computes until this process has used the given processor time, ms; gives the used time. */
function work(ms) {
  const before = process.cpuUsage()
  for (;;) {
    for (let index = 0, value = 1; index < 20_000; index += 1) value = Math.imul(value, 31) + index
    const { user, system } = process.cpuUsage(before)
    const usedMs = (user + system) / 1000
    if (usedMs >= ms) return usedMs
  }
}

process.on('message', async ({ call, method, parameters }) => {
  try {
    process.send({ call, value: await methods[method](parameters) })
  } catch (error) {
    process.send({ call, error: error?.stack ?? String(error) })
  }
})
// A harness that died must not leave workers behind.
process.on('disconnect', () => process.exit(1))
process.send({ ready: true })
