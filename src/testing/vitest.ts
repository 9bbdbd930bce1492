import { EverybeatError } from '../errors.js'
import { FLEET_MATCHERS } from './matchers.js'

/** Where Vitest keeps its `expect`, whether or not it is a global name: to be had without loading Vitest a second time. */
const GLOBAL_EXPECT = Symbol.for('expect-global')

// To import this module is to have the matchers: import 'everybeat/testing/vitest', in setupFiles for all tests.
const { [GLOBAL_EXPECT]: expect } = globalThis as { [GLOBAL_EXPECT]?: { extend(matchers: object): void } }
if (!expect) {
  const message = 'everybeat/testing/vitest: this is no test of Vitest; import it in one, or in setupFiles'
  throw new EverybeatError('ERR_EVERYBEAT_STATE', message)
}
expect.extend(FLEET_MATCHERS)

export type { FleetMatchers } from './matchers.js'
