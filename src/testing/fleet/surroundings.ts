import { MemoryStore, type LuaBuild } from '../../memory/index.js'
import { Network } from './network.js'
import { VirtualTime } from './virtual-time.js'

/** The environment of the workers of a fleet: a clock, a store, and the network to the store. */
export interface Surroundings {
  readonly time: VirtualTime
  readonly store: MemoryStore
  readonly network: Network
  /** The clock of the store minus that of the fleet, ms. */
  readonly storeClock: { offsetMs: number }
}

/** The options of {@link createSurroundings}. */
export interface SurroundingsOptions {
  readonly startMs: number
  readonly seed: number
  readonly latencyMs: number
  /** Changes the scripts that the store runs; default: no change. */
  readonly rewriteScript?: ((text: string) => string) | undefined
  /** The version of Lua in which the store runs scripts; default: Lua 5.1. */
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
