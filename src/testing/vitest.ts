import { FLEET_MATCHERS } from './matchers.js'

export type { MatcherResult } from './matchers.js'

/**
 * The key under which Vitest stores its `expect`, global or not, so that this module need not load Vitest a second
 * time.
 */
const GLOBAL_EXPECT = Symbol.for('expect-global')

/** The matchers, for an `expect` other than the global one. */
export const matchers = FLEET_MATCHERS

// Importing this module in a test of Vitest, or in setupFiles, adds the matchers.
const { [GLOBAL_EXPECT]: expect } = globalThis as { [GLOBAL_EXPECT]?: { extend(matchers: object): void } }
expect?.extend(matchers)
