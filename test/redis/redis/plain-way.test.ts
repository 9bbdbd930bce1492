import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SCRIPTS } from '../../../src/redis/scripts/generated.js'
import { seededRandom } from '../../support/driven-clock.js'
import { useRedis } from '../../support/redis.js'
import { createScriptedFleet, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const WORLDS = 300
const NOW = Date.now()

/** The short way of a script, in its text. */
const SHORT_WAY = {
  'claim-due': '  if claim_plainly(name) then return end\n',
  'settle-runs': "  if looks[position] and settle_plain_end(position, looks[position]) then return 'settled' end\n",
}

/** A script at one moment, where a lease that has time left has five seconds; `instead` stands for its short way. */
function scriptText(name: keyof typeof SHORT_WAY, instead = SHORT_WAY[name]): string {
  const text = SCRIPTS[name].text.replace(SHORT_WAY[name], () => instead)
  if (instead !== SHORT_WAY[name] && text === SCRIPTS[name].text) throw new Error(`${name} has no short way any more`)
  return text
    .replace("redis.call('TIME')", `{ ${Math.floor(NOW / 1000)}, ${(NOW % 1000) * 1000} }`)
    .replace(/redis\.call\('PTTL', (\w+)\)/g, "(redis.call('PTTL', $1) < 0 and redis.call('PTTL', $1) or 5000)")
}

type Fields = Record<string, string>

interface Schedule {
  name: string
  definition: Fields
  state: Fields
  lease: { token: string; hasEnd: boolean } | 'list' | null
}

interface Dice {
  /** Whether something out of the ordinary is so. */
  odd(): boolean
  pick<Value>(...values: Value[]): Value
  /** The ordinary value, or rarely one of the odd ones. */
  mostly<Value>(ordinary: Value, ...odd: Value[]): Value
}

function createDice(random: () => number): Dice {
  const pick = <Value>(...values: Value[]) => values[Math.floor(random() * values.length)]!
  const odd = () => random() < 0.06
  return { odd, pick, mostly: (ordinary, ...values) => (odd() ? pick(...values) : ordinary) }
}

function digestOf(definition: Fields): string {
  const flat = Object.entries(definition).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = [String(flat.length * 2), ...flat.flat()].join('\0')
  return createHash('sha1').update(text).digest('hex').slice(0, 16)
}

function without(fields: Record<string, string | null>): Fields {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== null))
}

function randomSchedule(name: string, { odd, pick, mostly }: Dice): Schedule {
  const at = NOW - pick(-5, 0, 1, 3, 200)
  const ordinary = {
    task: mostly('work', 'other', null),
    every: '1s',
    payload: pick(null, '{"a":1}', JSON.stringify('long enough to be no listpack'.repeat(4))),
    pool: mostly(null, 'default', 'elsewhere'),
    overlap: mostly(null, 'skip', 'allow', 'queue', 'replace', 'nonsense'),
    limit: mostly(null, '3', 'many'),
    maxConcurrent: mostly(null, '1'),
  }
  const definition = without(odd() ? { zone: 'UTC', ...ordinary, all: '1' } : ordinary)
  const plan = mostly(
    pick(`${at}`, `${at} ${at + 1000} ${at + 2000}`, `${at} ${at + 1000}+50`),
    ...[`${at}+7 ${at + 1000}`, `${at}c2 ${at + 1000}`, `${at} .`, '.', '', `0${at}`, `-${at}`, `${at} x`, `${at} `],
    ...[`${at}\0`, `${at + 10_000}`, '9'.repeat(16), '9'.repeat(15), null],
  )
  const state = without({
    digest: mostly(digestOf(definition), 'another', null),
    plan,
    last: mostly(pick(`${at - 1000}`, null), `${at}`, `${at + 1}`, 'never', '-1', '1e3'),
    seen: mostly(pick('7', null), 'seven', '3', '1.5'),
    fence: mostly(pick(`${at - 900}`, null), `${NOW + 5}`, 'nan', '999999999999998', '999999999999999'),
    period: mostly('1000', null, '0', '-5', '1.5', 'p'),
    paused: mostly(null, '{"at":1}', ''),
    grace: mostly(pick(null, '60000'), '10', 'short', '0'),
    chain: mostly(null, '1'),
    blocked: mostly(null, '1'),
    waiting: mostly(null, `${name}@1`),
    trigger: '1000',
    removal: mostly(null, '500'),
    holder: mostly(null, `${name}@5`),
    failures: mostly(null, '2'),
    started: mostly(null, `${at - 5}`, `${at + 5}`),
  })
  const lease = mostly<Schedule['lease']>(
    null,
    { token: 'other:5', hasEnd: true },
    { token: 'other:5', hasEnd: false },
    'list' as const,
  )
  return { name, definition, state, lease }
}

async function build(fleet: ScriptedFleet, schedules: readonly Schedule[]): Promise<void> {
  const { client, keys } = fleet
  const found = await client.keys(`${keys.tag}:*`)
  if (found.length > 0) await client.del(...found)
  const batch = client.pipeline()
  for (const { name, definition, state, lease } of schedules) {
    batch.hset(keys.schedule(name), definition)
    if (Object.keys(state).length > 0) batch.hset(keys.state(name), state)
    batch.zadd(keys.due, Math.min(NOW, Number.parseInt(state.plan ?? '0', 10) || 0), name)
    if (lease === 'list') batch.lpush(keys.lease(name), 'x')
    else if (lease?.hasEnd) batch.set(keys.lease(name), lease.token, 'PX', 600_000)
    else if (lease) batch.set(keys.lease(name), lease.token)
  }
  await batch.exec()
}

/** All that is stored; of what has an end, that it has one. Streams are given without the ids of their entries. */
async function contents({ client, keys }: ScriptedFleet): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const key of (await client.keys(`${keys.tag}:*`)).sort()) {
    const kind = await client.type(key)
    if (kind === 'hash') found[key] = await client.hgetall(key)
    else if (kind === 'zset') found[key] = await client.zrange(key, 0, -1, 'WITHSCORES')
    else if (kind === 'stream') found[key] = (await client.xrange(key, '-', '+')).map(([, fields]) => fields)
    else if (kind === 'set') found[key] = (await client.smembers(key)).sort()
    else if (kind === 'list') found[key] = await client.lrange(key, 0, -1)
    else found[key] = [await client.get(key), (await client.pttl(key)) > 0]
  }
  return found
}

function claim({ client, keys }: ScriptedFleet, text: string, worker = 'w-1'): Promise<unknown> {
  const lanes = ['default\nwork', 0, 4, 'elsewhere\nwork', 2, 9]
  const given = [keys.tag, keys.wake, 'request', worker, 9, 9, 600_000, 5, NOW, ...lanes]
  return client.eval(text, 4, keys.due, keys.pending, keys.running, keys.worker(worker), ...given)
}

function settle({ client, keys }: ScriptedFleet, text: string, groups: readonly string[]): Promise<unknown> {
  return client.eval(text, 1, keys.running, keys.tag, keys.wake, 'w-1', ...groups)
}

/** What both ways make of the same; with what the short one is replaced by `leave`. */
async function bothWays(
  fleet: ScriptedFleet,
  script: keyof typeof SHORT_WAY,
  prepare: () => Promise<void>,
  call: (text: string) => Promise<unknown>,
): Promise<{ short: unknown; long: unknown }> {
  const outcomes: unknown[] = []
  for (const text of [scriptText(script), scriptText(script, '')]) {
    await prepare()
    const reply = await call(text).catch((error: Error) =>
      error.message.replace(/script: .*/s, '').replace(/user_script:\d+/g, 'user_script'),
    )
    outcomes.push({ reply, contents: await contents(fleet) })
  }
  return { short: outcomes[0], long: outcomes[1] }
}

describe(`the short way of a claim, seed ${SEED}: repeat with SEED=${SEED}`, () => {
  it('comes to the same as the one that considers everything', { timeout: 120_000 }, async () => {
    const dice = createDice(seededRandom(SEED))
    const fleet = createScriptedFleet(redis)
    for (let world = 0; world < WORLDS; world += 1) {
      const schedules = Array.from({ length: 6 }, (_, index) => randomSchedule(`s${index}`, dice))
      const worker = dice.mostly('w-1', 'w_1', '')
      const { short, long } = await bothWays(
        fleet,
        'claim-due',
        () => build(fleet, schedules),
        (text) => claim(fleet, text, worker),
      )
      expect(short, `world ${world}: ${JSON.stringify(schedules)}`).toEqual(long)
    }
  })

  it.each([
    ['by a period', 'every', '{"a":1}'],
    ['by a list of instants', 'list', '{"a":1}'],
    ['with a payload that Redis does not keep in order', 'every', JSON.stringify('x'.repeat(200))],
  ])('is taken by an occurrence that is on time, %s', async (_, kind, payload) => {
    const fleet = createScriptedFleet(redis)
    const definition = { task: 'work', every: '1s', payload, pool: 'default', tz: 'UTC' }
    const plan = kind === 'every' ? `${NOW}` : `${NOW} ${NOW + 1000}`
    const state: Fields = { digest: digestOf(definition), plan, last: `${NOW - 1000}`, trigger: '1000' }
    if (kind === 'every') state.period = '1000'
    await build(fleet, [{ name: 'it', definition, state, lease: null }])
    const reply = await claim(fleet, scriptText('claim-due', `${SHORT_WAY['claim-due']}  error('the long way')\n`))
    expect((reply as unknown[])[3]).toHaveLength(5)
  })
})

interface Ended {
  schedule: Schedule
  groups: string[][]
}

function randomEnd(name: string, dice: Dice): Ended {
  const { pick, mostly } = dice
  const schedule = randomSchedule(name, dice)
  const [at, fence] = [String(NOW - 1000), String(NOW - 990)]
  const runId = `${name}@${at}`
  const json = { w: 'w-1', f: Number(fence), a: 1, d: 1, n: Number(at), s: NOW - 990, m: 0, k: 'o' }
  const run = mostly(
    `${at} ${fence} ${fence} w-1`,
    ...[`${at} ${fence} ${fence} other`, `${at} ${NOW} ${fence} w-1`, `${'9'.repeat(17)} ${fence} ${fence} w-1`],
    ...[{}, { x: true }, { l: true }, { a: 2 }, { w: undefined, r: 'retry' }].map((more) =>
      JSON.stringify({ ...json, ...more }),
    ),
    ...['nonsense', null],
  )
  if (run !== null) schedule.state[`run:${runId}`] = run
  const token = { token: `w-1:${fence}`, hasEnd: true }
  schedule.lease = mostly<Schedule['lease']>(token, null, { token: `w-1:${NOW}`, hasEnd: true }, 'list')
  schedule.state.plan = mostly(schedule.state.plan ?? '', '', '.')
  const outcome = mostly('ok', 'failed', 'cancelled', 'abandoned', 'returned')
  const group = [name, runId, fence, outcome, '3', '1']
  const reached = schedule.state.plan === '' ? (schedule.state.last ?? '') : schedule.state.plan.split(' ').at(-1)!
  const refill = pick(['', '', ''], [schedule.state.digest ?? '', reached, `${NOW + 9000}`])
  const rest = [mostly('', 'error'), pick('', '{"done":1}'), mostly('', 'Error: x'), mostly('-1', '10'), pick('0', '3')]
  const whole = pick(group, [...group, ...refill], [...group, ...refill, ...rest])
  return { schedule, groups: dice.odd() ? [whole, [...group]] : [whole] }
}

describe(`the short way of a settlement, seed ${SEED}: repeat with SEED=${SEED}`, () => {
  const flat = (groups: readonly string[][]) => groups.flatMap((group) => [String(group.length), ...group])

  it('comes to the same as the one that considers everything', { timeout: 120_000 }, async () => {
    const dice = createDice(seededRandom(SEED))
    const fleet = createScriptedFleet(redis)
    for (let world = 0; world < WORLDS; world += 1) {
      const ended = Array.from({ length: 5 }, (_, index) => randomEnd(`s${index}`, dice))
      const groups = flat(ended.flatMap((end) => end.groups))
      const { short, long } = await bothWays(
        fleet,
        'settle-runs',
        () =>
          build(
            fleet,
            ended.map(({ schedule }) => schedule),
          ),
        (text) => settle(fleet, text, groups),
      )
      expect(short, `world ${world}: ${JSON.stringify(ended)}`).toEqual(long)
    }
  })

  it.each([
    ['that says nothing', []],
    ['that fills its plan', ['d', '5', '6']],
    ['with a result', ['', '', '', '', '{"done":1}', '', '-1', '0']],
  ])('is taken by a run that ended well, %s', async (_, more) => {
    const fleet = createScriptedFleet(redis)
    const state = { [`run:it@5`]: '5 7 7 w-1', digest: 'd', plan: '5' }
    await build(fleet, [{ name: 'it', definition: { task: 'work' }, state, lease: { token: 'w-1:7', hasEnd: true } }])
    const text = scriptText('settle-runs', `${SHORT_WAY['settle-runs']}  error('the long way')\n`)
    const reply = await settle(fleet, text, flat([['it', 'it@5', '7', 'ok', '1', '1', ...more]]))
    expect(reply).toEqual([NOW, 'settled'])
    expect(await fleet.client.exists(fleet.keys.lease('it'))).toBe(0)
  })
})
