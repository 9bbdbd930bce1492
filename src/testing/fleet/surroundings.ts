import { MemoryStore, type LuaBuild } from '../../memory/index.js'
import { Network } from './network.js'
import { VirtualTime } from './virtual-time.js'

/** What the workers of a fleet live in: a clock, a store, and the network between them and the store. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly store: MemoryStore
  readonly network: Network
  /** How far the clock of the store is ahead of that of the fleet, ms. */
  readonly storeClock: { offsetMs: number }
}

/** How the surroundings of a fleet begin. */
export interface SurroundingsOptions {
  readonly startMs: number
  readonly seed: number
  readonly latencyMs: number
  /** What the store runs in place of a script; default: the script itself. */
  readonly rewriteScript?: ((text: string) => string) | undefined
  /** What the store runs scripts in; default: Lua 5.1. */
  readonly lua?: LuaBuild | undefined
}

/** Creates an empty store, behind a network, at an instant. */
export function createSurroundings(options: SurroundingsOptions): Surroundings {
  const { startMs, seed, latencyMs, rewriteScript, lua } = options
  const time = new VirtualTime(startMs, seed)
  const storeClock = { offsetMs: 0 }
  const store = new MemoryStore(() => time.nowMs + storeClock.offsetMs, { rewriteScript, lua })
  return { time, store, network: new Network(store, time, latencyMs), storeClock }
}
