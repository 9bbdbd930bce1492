import { createFakeClock, type FakeClock } from '../../../support/fake-clock.js'
import { ensureTool } from '../../../support/tools.js'
import type { ChaosContext, Fault } from '../scenario.js'
import { Unavailable } from '../stage.js'
import { ONCE } from './promise.js'

async function faketime(): Promise<string> {
  const tool = await ensureTool('faketime')
  if (tool.kind === 'missing') throw new Unavailable(tool.reason)
  return tool.path
}

export const wrongClocks: Fault = {
  name: 'clock: workers an hour ahead, an hour behind, and jumping',
  promise: `${ONCE}; never early`,
  async prepare({ workerCount }) {
    const path = await faketime()
    const clocks: FakeClock[] = []
    for (let index = 0; index < workerCount; index += 1)
      clocks.push(await createFakeClock(path, ['+1h', '-1h', '+0s'][index % 3]!))
    return {
      places: clocks.map(({ env }) => ({ env })),
      clocks,
      close: () => Promise.resolve(clocks.forEach((clock) => clock[Symbol.dispose]())),
    }
  },
  async inject({ stage, random }) {
    stage.clocks!.at(-1)!.jumpTo(random.pick(['+1h', '-1h', '+0s', '+10s', '-10s']))
    await Promise.resolve()
  },
  undo({ stage }) {
    for (const clock of stage.clocks!) clock.jumpTo('+0s')
    return Promise.resolve()
  },
}

/** Jumps that end no lease, and jumps that end all of them. */
const JUMPS_MS = [200, 400, 3_000, 5_000, -200, -400, -3_000, -5_000]

/** A clock for a Redis server, right at first. */
export async function createServerClock(): Promise<FakeClock> {
  const clock = await createFakeClock(await faketime(), '+0s')
  // Redis's own allocator asks for the time while faketime is still looking for it; that of the C library does not.
  return Object.assign(clock, { env: { ...clock.env, LD_PRELOAD: `${clock.env['LD_PRELOAD']} libc.so.6` } })
}

export const serverClock: Fault = {
  name: "clock: Redis's own, jumping forward and back",
  promise: `${ONCE} by the clock of Redis, which may end leases too soon: two runs at once for half a lease at most`,
  pauseMs: [600, 1_600],
  async prepare() {
    const clock = await createServerClock()
    return {
      serverEnv: clock.env,
      serverClock: clock,
      close: () => Promise.resolve(clock[Symbol.dispose]()),
    }
  },
  async inject(context) {
    // Every second jump undoes the previous one: otherwise the clock may be behind for most of a run, and few instants become due.
    const { offsetMs } = context.time
    jumpBy(context, offsetMs === 0 ? context.random.pick(JUMPS_MS) : -offsetMs)
    await Promise.resolve()
  },
  undo(context) {
    const behindMs = context.time.highest() - context.time.now()
    if (behindMs > 0) jumpBy(context, Math.ceil(behindMs))
    return Promise.resolve()
  },
}

function jumpBy({ stage, time }: ChaosContext, byMs: number): void {
  const offsetMs = time.offsetMs + byMs
  // A moment too soon in the notes says nothing false of what is early; a moment too late would.
  time.jump(byMs)
  stage.serverClock!.jumpTo(`${offsetMs < 0 ? '-' : '+'}${(Math.abs(offsetMs) / 1_000).toFixed(3)}s`)
}
