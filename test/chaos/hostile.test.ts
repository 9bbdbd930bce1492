import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { FIELD_NAMES } from '../../src/schedule/fields.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
/** More of them: `CHAOS_CASES=100000 npx vitest run --project chaos test/chaos/hostile.test.ts`; seeds add up. */
const CASES = Number(process.env['CHAOS_CASES'] ?? 10_000)
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const BATCH = 200
const VICTIMS = ['victim-0', 'victim-1', 'victim-2', 'victim-3']
const STATE_FIELDS = [
  ...['plan', 'last', 'fence', 'digest', 'trigger', 'period', 'grace', 'removal', 'seen', 'revision', 'paused'],
  ...['failures', 'waiting', 'blocked', 'holder', 'queued', 'started', 'error', 'extra'],
]

const WORKER_FIELDS = [
  ...['request', 'won', 'cancels', 'host', 'pid', 'version', 'node', 'tz', 'pool', 'tasks', 'concurrency', 'running'],
  ...['skewMs', 'startedAt'],
]
/** Keys with which workers continue each other's work; a change of the layout there stops the fleet on purpose. */
const META_FIELDS = ['walkName', 'walkCursor', 'tz', 'tzPlanned', 'tzPlanner', 'tzSince', 'tzMix', 'version:shop']

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.json({ maxDepth: 2 }),
  fc.integer().map(String),
  fc.constantFrom(
    ...[
      '',
      '0',
      '-1',
      'nan',
      'inf',
      '-inf',
      '1e400',
      '0x10',
      '9'.repeat(400),
      '99999999999999999999',
      'null',
      '{}',
      '[[',
    ],
    ...[
      '.',
      '. .',
      '1 2 3',
      '1+2c3',
      '17e11',
      '1c',
      '\n',
      'a\nb',
      '@',
      'x@1',
      '__proto__',
      'constructor',
      '../../etc/passwd',
    ],
    ...[`'); redis.call('FLUSHALL') --`, '\r\n*1\r\n$8\r\nFLUSHALL\r\n', '{"at":null,"until":"x"}', '{"until":1e99}'],
  ),
)
const runFields = fc.record(
  Object.fromEntries(
    ['n', 'f', 'a', 'd', 'm', 's', 'w', 'k', 't', 'p', 'l', 'c', 'r'].map((field) => [
      field,
      fc.oneof(fc.integer(), fc.double(), fc.constant(null), fc.string(), fc.constant(1_700_000_000_000), fc.boolean()),
    ]),
  ),
  { requiredKeys: [] },
)
const hostileRun = runFields.map((run) => JSON.stringify(run))

type Attack = (client: ReturnType<Redis['pipeline']>, tag: string, workers: readonly string[]) => void

const victim = fc.constantFrom(...VICTIMS)
const attacks: fc.Arbitrary<Attack> = fc.oneof(
  fc.tuple(victim, fc.oneof(fc.constantFrom(...FIELD_NAMES), hostileText), hostileText).map(
    ([name, field, value]): Attack =>
      (client, tag) =>
        client.hset(`${tag}:schedule:${name}`, field, value),
  ),
  fc.tuple(victim, fc.constantFrom(...STATE_FIELDS), hostileText).map(
    ([name, field, value]): Attack =>
      (client, tag) =>
        client.hset(`${tag}:state:${name}`, field, value),
  ),
  fc
    .tuple(victim, fc.integer({ min: 1, max: 9 }), fc.oneof(hostileRun, hostileText))
    .map(([name, at, value]): Attack => (client, tag) => {
      client.hset(`${tag}:state:${name}`, `run:${name}@${at}`, value)
      client.zadd(`${tag}:pending`, at, `${name}@${at}`)
      client.zadd(`${tag}:running`, at, `${name}@${at}`)
    }),
  fc
    .tuple(victim, fc.constantFrom('schedule', 'state', 'history', 'lease'), fc.integer({ min: 0, max: 2 }))
    .map(([name, kind, type]): Attack => (client, tag) => {
      const key = `${tag}:${kind}:${name}`
      client.del(key)
      if (type === 0) client.set(key, 'text')
      else if (type === 1) client.rpush(key, 'list')
      else client.sadd(key, 'set')
    }),
  fc.tuple(hostileText, hostileText).map(
    ([name, value]): Attack =>
      (client, tag) =>
        client.hset(`${tag}:schedule:${name}`, 'every', value),
  ),
  fc
    .tuple(
      fc.constantFrom(
        ...['', 'head ', 'lane ', 'cancel ', 'changed ', 'joined ', 'left ', 'plan ', 'memory ', 'layout', 'beat'],
      ),
      hostileText,
    )
    .map(
      ([verb, rest]): Attack =>
        (client, tag) =>
          client.publish(`${tag}:wake`, `${verb}${rest}`),
    ),
  fc.tuple(fc.constantFrom('due', 'pending', 'running', 'names', 'ranks'), hostileText, fc.integer()).map(
    ([key, member, score]): Attack =>
      (client, tag) =>
        client.zadd(`${tag}:${key}`, score, member),
  ),
  fc.tuple(fc.constantFrom(...META_FIELDS), hostileText).map(
    ([field, value]): Attack =>
      (client, tag) =>
        client.hset(`${tag}:meta`, field, value),
  ),
  fc.tuple(fc.constantFrom(...WORKER_FIELDS), fc.oneof(hostileText, fc.json()), fc.nat(1)).map(
    ([field, value, worker]): Attack =>
      (client, tag, workers) =>
        client.hset(`${tag}:worker:${workers[worker]}`, field, value),
  ),
  hostileText.map(
    (lane): Attack =>
      (client, tag) =>
        client.sadd(`${tag}:lanes`, lane),
  ),
)

/**
 * The instants that a healthy schedule skipped. A worker of this process answers late while the test computes, so an
 * occurrence may meet the run before it; then that run is recorded after the skip. Whatever else is skipped is a fault.
 */
async function overlappedInstants(history: string): Promise<number[]> {
  const entries = (await redis.client.xrange(history, '-', '+')).map(([, flat]) => {
    const fields = new Map<string, string>()
    for (let index = 0; index < flat.length; index += 2) fields.set(flat[index]!, flat[index + 1]!)
    return { at: Number(fields.get('at')), outcome: fields.get('outcome'), reason: fields.get('reason') }
  })
  return entries.flatMap(({ at, outcome, reason }, index) => {
    if (outcome === 'ok') return []
    const isMet = entries.slice(index + 1, index + 10).some((later) => later.outcome === 'ok' && later.at < at)
    expect({ at, outcome, reason, isMet }).toMatchObject({ outcome: 'skipped', reason: 'overlap', isMet: true })
    return [at]
  })
}

describe('hostile content in Redis', () => {
  it(`hostile content in Redis harms its own schedule only (${CASES} cases)`, async () => {
    const prefix = uniquePrefix('hostile')
    const tag = `{${prefix}}`
    const ran = new Map<string, number[]>([
      ['healthy-a', []],
      ['healthy-b', []],
      ['healthy-c', []],
    ])
    const rejections: unknown[] = []
    const onRejection = (error: unknown): void => void rejections.push(error)
    process.on('unhandledRejection', onRejection)
    onTestFinished(() => void process.off('unhandledRejection', onRejection))
    const beats = [0, 1].map(() => {
      const beat = new Everybeat({ redis: redis.url, prefix, logger: false, leaseMs: 1_000, maxSleepMs: 200 })
      onTestFinished(() => beat.stop({ timeoutMs: 200 }))
      beat.task('work', ({ schedule, scheduledAt }) => void ran.get(schedule)?.push(scheduledAt.getTime()))
      return beat
    })
    for (const beat of beats) await beat.start()
    const workers = beats.map((beat) => beat.health().worker!)
    const [first] = beats as [Everybeat, Everybeat]
    await first.schedules.put('healthy-a', { task: 'work', every: 100, overlap: 'allow' })
    await first.schedules.put('healthy-b', { task: 'work', every: 200, overlap: 'allow', onCrash: 'rerun' })
    await first.schedules.put('healthy-c', { task: 'work', every: 100, overlap: 'skip' })
    await redis.client.hset(`${tag}:meta`, 'history', 1_000_000)
    const overlaps = ['skip', 'queue', 'replace', 'allow'] as const
    const repair = async (): Promise<void> => {
      for (const [index, name] of VICTIMS.entries())
        await first.schedules.put(name, { task: 'work', every: 100, overlap: overlaps[index]! })
    }
    await repair()
    const beganAt = Date.now()
    const latest = (): number => Math.min(...[...ran.values()].map((instants) => instants.at(-1) ?? 0))
    process.stderr.write(`hostile: ${CASES} cases, seed ${SEED}\n`)
    await fc.assert(
      fc.asyncProperty(fc.array(attacks, { minLength: BATCH, maxLength: BATCH }), async (batch) => {
        const pipeline = redis.client.pipeline()
        for (const attack of batch) attack(pipeline, tag, workers)
        await pipeline.exec()
        const now = Date.now()
        await waitFor(() => latest() > now, { what: 'the healthy schedules to continue' })
        expect(rejections).toEqual([])
        // The next write of the definition removes a key of the wrong type.
        await repair().catch(() => {})
      }),
      { numRuns: Math.ceil(CASES / BATCH), endOnFailure: true, seed: SEED },
    )
    // Nothing of the healthy ones is missing or doubled, and the victims recover.
    const until = latest()
    let overlapped = 0
    for (const [name, instants] of ran) {
      const step = name === 'healthy-b' ? 200 : 100
      const skipped = name === 'healthy-c' ? await overlappedInstants(`${tag}:history:${name}`) : []
      overlapped += skipped.length
      instants.push(...skipped)
      const seen = instants.filter((at) => at > beganAt && at <= until)
      const due = []
      for (let at = Math.ceil((beganAt + 1) / step) * step; at <= until; at += step) due.push(at)
      expect(
        seen.toSorted((a, b) => a - b),
        name,
      ).toEqual(due)
    }
    const count = [...ran.values()].reduce((sum, { length }) => sum + length, 0)
    process.stderr.write(`hostile: ${count} healthy occurrences, ${overlapped} of them met their predecessor\n`)
    const recovered = new Set<string>()
    for (const beat of beats) beat.on('run:succeeded', ({ schedule }) => void recovered.add(schedule))
    for (const name of VICTIMS) await redis.client.del(`${tag}:schedule:${name}`)
    await waitFor(
      async () => {
        await repair()
        return VICTIMS.every((name) => recovered.has(name))
      },
      { what: 'the affected workers to recover', intervalMs: 300 },
    )
  })
})
