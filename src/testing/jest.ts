import { FLEET_MATCHERS } from './matchers.js'

export type { MatcherResult } from './matchers.js'

/** The matchers, for who adds them to an `expect` of their own. */
export const matchers = FLEET_MATCHERS

// To import this module in a test of Jest, or in setupFilesAfterEnv, is to have the matchers.
const { expect } = globalThis as { expect?: { extend(matchers: object): void } }
expect?.extend(matchers)
