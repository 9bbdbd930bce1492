import { EverybeatError } from '../errors.js'
import { FLEET_MATCHERS } from './matchers.js'

/** The global `expect` of Jest. */
interface Expect {
  extend(matchers: object): void
}

// To import this module is to have the matchers: import 'everybeat/testing/jest', in setupFilesAfterEnv for all tests.
const { expect } = globalThis as { expect?: Expect }
if (!expect) {
  const message =
    'everybeat/testing/jest: there is no global expect; import it in a test of Jest, or in setupFilesAfterEnv'
  throw new EverybeatError('ERR_EVERYBEAT_STATE', message)
}
expect.extend(FLEET_MATCHERS)

export type { FleetMatchers } from './matchers.js'
