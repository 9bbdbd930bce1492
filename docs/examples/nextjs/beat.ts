import { Everybeat } from 'everybeat'

// `next dev` loads modules again after each edit: the instance lives longer than the module.
const kept = globalThis as { everybeat?: Promise<Everybeat> }

/** Starts the worker of this process, once; server actions and route handlers get the same instance from it. */
export function startBeat(): Promise<Everybeat> {
  kept.everybeat ??= start()
  return kept.everybeat
}

async function start(): Promise<Everybeat> {
  const beat = new Everybeat({ prefix: process.env.PREFIX })
  const count = beat.task('count', (run) => console.log(`counted at ${run.scheduledAt.toISOString()}`))
  await count.schedule('count', { every: '1s' })
  await beat.start()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void beat.stop())
  return beat
}
