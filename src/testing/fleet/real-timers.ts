import { EverybeatError } from '../../errors.js'

/** The current timers of the process that a fleet and its clients need. */
const read = (): Readonly<Record<string, unknown>> => ({
  setTimeout: globalThis.setTimeout,
  setImmediate: globalThis.setImmediate,
  'performance.now': globalThis.performance.now,
  'process.nextTick': process.nextTick,
})

/** The timers of the process when this module was loaded. */
const AT_LOAD = read()

/** Whether a timer is fake. Fake timers from before this module hold the clock of their library. */
function isFake(name: string, timer: unknown): boolean {
  return timer !== AT_LOAD[name] || (timer as { clock?: unknown }).clock !== undefined
}

/**
 * Refuses fake timers. A fleet has its own clock and waits in real time for real work; with the fake timers of a test
 * runner it would wait for ever.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_STATE` while timers of the process are fake
 */
export function refuseFakeTimers(): void {
  const fake = Object.entries(read()).flatMap(([name, timer]) => (isFake(name, timer) ? [name] : []))
  if (fake.length === 0) return
  const message =
    `the timers of this process are fake (${fake.join(', ')}), and a test fleet needs the real ones beside its own clock. ` +
    "Leave them as they are while it is used; where Date is to be fake, vi.useFakeTimers({ toFake: ['Date'] }) in Vitest, " +
    "jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'performance', 'nextTick'] }) in Jest, " +
    "mock.timers.enable({ apis: ['Date'] }) in the runner of Node.js"
  throw new EverybeatError('ERR_EVERYBEAT_STATE', message, { field: 'timers', value: fake })
}
