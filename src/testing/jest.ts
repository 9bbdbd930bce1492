import { FLEET_MATCHERS } from './matchers.js'

export type { MatcherResult } from './matchers.js'

/** The matchers, for an `expect` other than the global one. */
export const matchers = FLEET_MATCHERS

// Importing this module in a test of Jest, or in setupFilesAfterEnv, adds the matchers.
const { expect } = globalThis as { expect?: { extend(matchers: object): void } }
expect?.extend(matchers)
