import { afterEach } from 'vitest'
import { Everybeat, type EverybeatOptions, type EverybeatEvents } from '../../src/index.js'
import { uniquePrefix, type SuiteRedis } from './redis.js'
import { WAIT_MS } from './wait-for.js'

/** Gives each test a fleet of its own. Call it where hooks may be called. */
export function useFleet(redis: SuiteRedis): {
  /** A new instance on the suite's server, stopped after the test; silent unless the options say otherwise. */
  create(options?: EverybeatOptions): Everybeat
  /** What the instances of this test share. */
  prefix(): string
} {
  let prefix: string | null = null
  let instances: Everybeat[] = []
  afterEach(async () => {
    await Promise.all(instances.map((beat) => beat.stop({ timeoutMs: 1_000 })))
    instances = []
    prefix = null
  })
  const current = () => (prefix ??= uniquePrefix())
  return {
    prefix: current,
    create(options = {}) {
      const beat = new Everybeat({ redis: redis.url, prefix: current(), logger: false, ...options })
      instances.push(beat)
      return beat
    },
  }
}

/** Resolves with the first such event for which `accepts` holds; rejects when it does not come in time. */
export function nextEvent<Name extends keyof EverybeatEvents>(
  beat: Everybeat,
  name: Name,
  accepts: (event: Parameters<EverybeatEvents[Name]>[0]) => boolean = () => true,
  timeoutMs = WAIT_MS,
): Promise<Parameters<EverybeatEvents[Name]>[0]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      beat.off(name, listener as never)
      reject(new Error(`no ${name} came within ${timeoutMs} ms`))
    }, timeoutMs)
    const listener = (event: Parameters<EverybeatEvents[Name]>[0]) => {
      if (!accepts(event)) return
      clearTimeout(timer)
      beat.off(name, listener as never)
      resolve(event)
    }
    beat.on(name, listener as never)
  })
}
