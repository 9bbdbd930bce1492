/** Definitions that must be refused: what is wrong, the definition, and the code and field of the error. */
export type Refused = readonly [what: string, input: unknown, code: string, field: string]

const DEFINITION = 'ERR_EVERYBEAT_DEFINITION'
const DURATION = 'ERR_EVERYBEAT_DURATION'
const NAME = 'ERR_EVERYBEAT_NAME'
const PAYLOAD = 'ERR_EVERYBEAT_PAYLOAD'
const CRON = 'ERR_EVERYBEAT_CRON'
const ZONE = 'ERR_EVERYBEAT_ZONE'
const INSTANT = 'ERR_EVERYBEAT_INSTANT'
const TRIGGER = 'ERR_EVERYBEAT_TRIGGER'

const with_ = (fields: Record<string, unknown>) => ({ every: '1h', ...fields })
const cyclic: Record<string, unknown> = {}
cyclic['itself'] = cyclic
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

const SHAPE: Refused[] = [
  ['undefined', undefined, DEFINITION, 'definition'],
  ['null', null, DEFINITION, 'definition'],
  ['text', '0 9 * * *', DEFINITION, 'definition'],
  ['a number', 5, DEFINITION, 'definition'],
  ['a list', [{ every: '1h' }], DEFINITION, 'definition'],
  ['a Date', new Date(0), DEFINITION, 'definition'],
  ['a Map', new Map([['every', '1h']]), DEFINITION, 'definition'],
  ['an unknown field', with_({ colour: 'red' }), DEFINITION, 'colour'],
  ['a misspelt field', with_({ missfire: 'all' }), DEFINITION, 'missfire'],
  ['the wrong case', with_({ Timeout: '5s' }), DEFINITION, 'Timeout'],
  ['a foreign word', with_({ timezone: 'UTC' }), DEFINITION, 'timezone'],
  ['an engine-owned field', with_({ revision: 5 }), DEFINITION, 'revision'],
  ['an inherited name', with_({ constructor: 'x' }), DEFINITION, 'constructor'],
  ['an own __proto__', JSON.parse('{"every":"1h","__proto__":{"x":1}}'), DEFINITION, '__proto__'],
  ['an empty field name', with_({ '': 'x' }), DEFINITION, ''],
  ['null for a text', with_({ task: null }), DEFINITION, 'task'],
  ['null for a number', with_({ limit: null }), DEFINITION, 'limit'],
  ['null for a policy', with_({ misfire: null }), DEFINITION, 'misfire'],
]

const TRIGGERS: Refused[] = [
  ['no trigger', { task: 'x' }, DEFINITION, 'cron'],
  ['an undefined trigger', { every: undefined }, DEFINITION, 'cron'],
  ['two triggers', { every: '1h', cron: '* * * * *' }, DEFINITION, 'every'],
  ['at and every', { every: '1h', at: '2026-01-01T00:00Z' }, DEFINITION, 'at'],
  ['an empty cron', { cron: '' }, CRON, 'cron'],
  ['a cron of four fields', { cron: '* * * *' }, CRON, 'cron'],
  ['a cron of seven fields', { cron: '* * * * * * *' }, CRON, 'cron'],
  ['a minute that is none', { cron: '60 * * * *' }, CRON, 'cron'],
  ['a date that never comes', { cron: '0 0 30 2 *' }, CRON, 'cron'],
  ['an unknown macro', { cron: '@often' }, CRON, 'cron'],
  ['a cron with a NUL', { cron: '* * * * *\0' }, CRON, 'cron'],
  ['a cron that is no text', { cron: 5 }, CRON, 'cron'],
  ['an interval of zero', { every: 0 }, DURATION, 'every'],
  ['an interval under 100 ms', { every: '99ms' }, DURATION, 'every'],
  ['a negative interval', { every: -1000 }, DURATION, 'every'],
  ['an interval of a month', { every: 'P1M' }, DURATION, 'every'],
  ['an interval of nonsense', { every: 'often' }, DURATION, 'every'],
  ['an empty interval', { every: '' }, DURATION, 'every'],
  ['a date that does not exist', { at: '2026-02-30T00:00Z' }, INSTANT, 'at'],
  ['a wall time in a gap', { at: '2026-03-08T02:30', tz: 'America/New_York' }, INSTANT, 'at'],
  ['an invalid Date', { at: new Date(NaN) }, INSTANT, 'at'],
  ['an instant of nonsense', { at: 'tomorrow' }, INSTANT, 'at'],
  ['an unknown zone', { cron: '0 9 * * *', tz: 'Mars/Olympus' }, ZONE, 'tz'],
  ['an offset as zone', { cron: '0 9 * * *', tz: 'UTC+25' }, ZONE, 'tz'],
  ['an empty zone', { cron: '0 9 * * *', tz: '' }, ZONE, 'tz'],
  ['a zone that is no text', { cron: '0 9 * * *', tz: 8 }, ZONE, 'tz'],
  ['an unknown dstGap', { cron: '0 9 * * *', dstGap: 'jump' }, DEFINITION, 'dstGap'],
  ['an unknown dayMatch', { cron: '0 9 * * *', dayMatch: 'xor' }, DEFINITION, 'dayMatch'],
  ['spread of a cron', { cron: '0 9 * * *', spread: true }, DEFINITION, 'spread'],
  ['spread as text', with_({ spread: 'yes' }), DEFINITION, 'spread'],
  ['a wrong anchor', with_({ anchor: 'noon' }), INSTANT, 'anchor'],
  ['a wrong start', with_({ start: '2026-13-01' }), INSTANT, 'start'],
  ['a wrong end', with_({ end: '24:00' }), INSTANT, 'end'],
  ['an end before the start', with_({ start: '2026-02-01', end: '2026-01-01' }), TRIGGER, 'end'],
  ['a wrong exclusion', with_({ exclude: 'christmas' }), TRIGGER, 'exclude'],
  ['an exclusion that is a number', with_({ exclude: [5] }), TRIGGER, 'exclude'],
  ['a wrong skipNext', with_({ skipNext: 'next' }), INSTANT, 'skipNext'],
]

const POLICIES: Refused[] = [
  ['an unknown misfire', with_({ misfire: 'once' }), DEFINITION, 'misfire'],
  ['misfire in capitals', with_({ misfire: 'ALL' }), DEFINITION, 'misfire'],
  ['a list as misfire', with_({ misfire: ['all'] }), DEFINITION, 'misfire'],
  ['an unknown overlap', with_({ overlap: 'wait' }), DEFINITION, 'overlap'],
  ['an empty overlap', with_({ overlap: '' }), DEFINITION, 'overlap'],
  ['an unknown onCrash', with_({ onCrash: 'retry' }), DEFINITION, 'onCrash'],
  ['enabled as text', with_({ enabled: 'yes' }), DEFINITION, 'enabled'],
  ['enabled as a number', with_({ enabled: 1 }), DEFINITION, 'enabled'],
  ['a negative grace', with_({ misfireGrace: -1 }), DURATION, 'misfireGrace'],
  ['a grace of nonsense', with_({ misfireGrace: 'a bit' }), DURATION, 'misfireGrace'],
  ['a window of a year', with_({ catchUpWindow: 'P1Y' }), DURATION, 'catchUpWindow'],
  ['a window of more than 100 years', with_({ catchUpWindow: '40000d' }), DURATION, 'catchUpWindow'],
  ['a jitter that is NaN', with_({ jitter: NaN }), DURATION, 'jitter'],
  ['a timeout of zero', with_({ timeout: 0 }), DURATION, 'timeout'],
  ['a timeout that no timer holds', with_({ timeout: '25d' }), DURATION, 'timeout'],
  ['a fraction of a millisecond', with_({ timeout: 0.5 }), DURATION, 'timeout'],
  ['removeAfter of nonsense', with_({ removeAfter: true }), DURATION, 'removeAfter'],
  ['a limit of zero', with_({ limit: 0 }), DEFINITION, 'limit'],
  ['half a limit', with_({ limit: 1.5 }), DEFINITION, 'limit'],
  ['a limit as text', with_({ limit: '5' }), DEFINITION, 'limit'],
  ['an infinite limit', with_({ limit: Infinity }), DEFINITION, 'limit'],
  ['a maxCatchUp of zero', with_({ maxCatchUp: 0 }), DEFINITION, 'maxCatchUp'],
  ['a maxCatchUp over its bound', with_({ maxCatchUp: 10_001 }), DEFINITION, 'maxCatchUp'],
  ['a maxConcurrent of zero', with_({ maxConcurrent: 0 }), DEFINITION, 'maxConcurrent'],
  ['a maxDeliveries of zero', with_({ maxDeliveries: 0 }), DEFINITION, 'maxDeliveries'],
  ['negative retries', with_({ retries: -1 }), DEFINITION, 'retries'],
  ['too many retries', with_({ retries: 1001 }), DEFINITION, 'retries'],
  ['retries as text', with_({ retries: 'many' }), DEFINITION, 'retries'],
  ['a pauseAfter of zero', with_({ pauseAfter: 0 }), DEFINITION, 'pauseAfter'],
  ['a backoff that is a number', with_({ backoff: 1000 }), DEFINITION, 'backoff'],
  ['a backoff that is a list', with_({ backoff: [] }), DEFINITION, 'backoff'],
  ['an unknown backoff type', with_({ backoff: { type: 'linear' } }), DEFINITION, 'backoff.type'],
  ['an unknown backoff field', with_({ backoff: { factor: 2 } }), DEFINITION, 'backoff.factor'],
  ['a backoff with __proto__', with_({ backoff: JSON.parse('{"__proto__":1}') }), DEFINITION, 'backoff.__proto__'],
  ['a wrong backoff delay', with_({ backoff: { delay: 'soon' } }), DURATION, 'backoff.delay'],
  ['a backoff delay that is null', with_({ backoff: { delay: null } }), DURATION, 'backoff.delay'],
  ['a backoff max below its delay', with_({ backoff: { delay: '2m', max: '1m' } }), DEFINITION, 'backoff.max'],
]

const TEXTS: Refused[] = [
  ['an empty task', with_({ task: '' }), NAME, 'task'],
  ['a task with a newline', with_({ task: 'a\nb' }), NAME, 'task'],
  ['a task that is too long', with_({ task: 'x'.repeat(513) }), NAME, 'task'],
  ['a task that is too long in bytes', with_({ task: '€'.repeat(171) }), NAME, 'task'],
  ['a task that is a number', with_({ task: 5 }), NAME, 'task'],
  ['an empty pool', with_({ pool: '' }), NAME, 'pool'],
  ['a pool with a NUL', with_({ pool: 'a\0' }), NAME, 'pool'],
  ['an owner with DEL', with_({ owner: 'a\u007f' }), NAME, 'owner'],
  ['an owner with half a surrogate pair', with_({ owner: 'a\ud800' }), NAME, 'owner'],
  ['an owner of bytes that were no UTF-8', with_({ owner: 'a\ufffd' }), NAME, 'owner'],
  ['tags as text', with_({ tags: 'a,b' }), DEFINITION, 'tags'],
  ['a tag that is empty', with_({ tags: ['a', ''] }), NAME, 'tags'],
  ['a tag that is a number', with_({ tags: [1] }), NAME, 'tags'],
  ['a hole in the tags', with_({ tags: new Array(1) }), NAME, 'tags'],
  ['too many tags', with_({ tags: Array.from({ length: 65 }, (_, index) => `t${index}`) }), DEFINITION, 'tags'],
  ['a note that is too long', with_({ note: 'x'.repeat(4097) }), DEFINITION, 'note'],
  ['a note that is too long in bytes', with_({ note: '€'.repeat(1366) }), DEFINITION, 'note'],
  ['a note with an escape', with_({ note: 'a\u001b[31m' }), DEFINITION, 'note'],
  ['a note that is an object', with_({ note: {} }), DEFINITION, 'note'],
]

const PAYLOADS: Refused[] = [
  ['a function', with_({ payload: () => 1 }), PAYLOAD, 'payload'],
  ['a symbol', with_({ payload: Symbol('x') }), PAYLOAD, 'payload'],
  ['a bigint', with_({ payload: { total: 5n } }), PAYLOAD, 'payload'],
  ['NaN', with_({ payload: { ratio: NaN } }), PAYLOAD, 'payload'],
  ['Infinity', with_({ payload: [Infinity] }), PAYLOAD, 'payload'],
  ['undefined in a list', with_({ payload: [undefined] }), PAYLOAD, 'payload'],
  ['an invalid Date', with_({ payload: { at: new Date(NaN) } }), PAYLOAD, 'payload'],
  ['a Map', with_({ payload: new Map() }), PAYLOAD, 'payload'],
  ['a Set', with_({ payload: { ids: new Set([1]) } }), PAYLOAD, 'payload'],
  ['a cycle', with_({ payload: cyclic }), PAYLOAD, 'payload'],
  ['toJSON that throws', with_({ payload: { toJSON: () => { throw new Error('no') } } }), PAYLOAD, 'payload'], // prettier-ignore
  ['toJSON that gives nothing', with_({ payload: { toJSON: () => undefined } }), PAYLOAD, 'payload'],
  ['too many bytes', with_({ payload: 'x'.repeat(262_143) }), PAYLOAD, 'payload'],
  ['too many bytes in UTF-8', with_({ payload: '€'.repeat(90_000) }), PAYLOAD, 'payload'],
  ['too deep a nesting', with_({ payload: nested(257) }), PAYLOAD, 'payload'],
  ['far too deep a nesting', with_({ payload: nested(100_000) }), PAYLOAD, 'payload'],
]

export const REFUSED_DEFINITIONS: readonly Refused[] = [...SHAPE, ...TRIGGERS, ...POLICIES, ...TEXTS, ...PAYLOADS]
