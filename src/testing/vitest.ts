import { FLEET_MATCHERS } from './matchers.js'

export type { MatcherResult } from './matchers.js'

/** Where Vitest keeps its `expect`, whether or not it is a global name: to be had without loading Vitest a second time. */
const GLOBAL_EXPECT = Symbol.for('expect-global')

/** The matchers, for who adds them to an `expect` of their own. */
export const matchers = FLEET_MATCHERS

// To import this module in a test of Vitest, or in setupFiles, is to have the matchers.
const { [GLOBAL_EXPECT]: expect } = globalThis as { [GLOBAL_EXPECT]?: { extend(matchers: object): void } }
expect?.extend(matchers)
