// Measures the cost of the counts per minute in a settlement: the same settlements with and without them, in turn, on one
// server. The figure is Redis's processor time, commands and replies included.
//   node benchmarks/measure-rollups.mjs [--rounds 41] [--runs 4000]
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { assembleScript, SCRIPT_FOLDER } from '../test/tools/assemble-script.mjs'
import { startRedisServer } from './harness/redis-server.mjs'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '41' }, runs: { type: 'string', default: '4000' } },
})
const [rounds, runCount] = [Number(values.rounds), Number(values.runs)]
const TAG = '{rollups}'
const WORKER = 'measured'
const server = await startRedisServer()
const { redis } = server

/** The script without its counts, also without the functions and tables that each call creates for them. */
function withoutCounts(text) {
  const shorter = text
    .replace(/^ *(?:if field then counts.*|if string.byte\(outcome.*|local field|local counts.*)\n/gm, '')
    .replace(/^local minute\nfor [^]*?\nend\n/m, '')
    .replace(/, field(?=[,)])/g, '')
  const assembled = assembleScript(shorter)
  const ordinary = assembled.replace(/^local function create_rare[^]*?\nend\nlocal rare\n/m, '')
  if (/counts|minute/.test(ordinary)) throw new Error('the script counts otherwise')
  return assembled
}

/** The step of a time on the scale of the counts. */
const stepOf = (ms) => 32 - Math.clz32(ms)

const whole = assembleScript(readFileSync(new URL('settle-runs.lua', SCRIPT_FOLDER), 'utf8'))
const arms = { with: whole, without: withoutCounts(whole) }
const digests = {}
for (const [arm, text] of Object.entries(arms)) digests[arm] = await redis.script('LOAD', text)

/** Microseconds of processor time that Redis has used: other work on the machine counts for little there. */
async function readMicroseconds() {
  const info = await redis.info('cpu')
  const secondsOf = (name) => Number(new RegExp(`used_cpu_${name}:([\\d.]+)`).exec(info)[1])
  return (secondsOf('user') + secondsOf('sys')) * 1e6
}

const nameOf = (index) => `schedule-with-a-name-of-40-bytes-${String(index).padStart(7, '0')}`

/** Runs of this worker, as a claim leaves them; histories stay, as they do in a fleet. */
async function prepare(round) {
  const nominal = 1_700_000_000_000 + round * 1_000
  const pipeline = redis.pipeline()
  for (let index = 0; index < runCount; index += 1) {
    const name = nameOf(index)
    pipeline.hset(`${TAG}:state:${name}`, `run:${name}@${nominal}`, `${nominal} ${nominal} ${nominal} ${WORKER}`)
    pipeline.set(`${TAG}:lease:${name}`, `${WORKER}:${nominal}`, 'PX', 600_000)
    pipeline.zadd(`${TAG}:running`, nominal, `${name}@${nominal}`)
  }
  await pipeline.exec()
  return nominal
}

/** Settles the prepared runs, `batch` runs a call. Gives the microseconds a run. */
async function settle(arm, nominal, batch) {
  const before = await readMicroseconds()
  for (let first = 0; first < runCount; first += batch) {
    const groups = []
    for (let index = first; index < Math.min(first + batch, runCount); index += 1) {
      const name = nameOf(index)
      const [duration, lateness] = [12 + (index % 6), index % 3]
      const outcome = arm === 'with' ? `ok:${stepOf(lateness)}:${stepOf(duration)}` : 'ok'
      groups.push(6, name, `${name}@${nominal}`, nominal, outcome, duration, lateness)
    }
    const reply = await redis.evalsha(digests[arm], 1, `${TAG}:running`, TAG, `${TAG}:wake`, WORKER, 0, ...groups)
    if (reply[1] !== 'settled') throw new Error(`the settlement was answered ${reply[1]}`)
  }
  return ((await readMicroseconds()) - before) / runCount
}

const median = (list) => [...list].sort((left, right) => left - right)[Math.floor(list.length / 2)]

for (const batch of [1, 10, 100]) {
  const found = { with: [], without: [] }
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? ['with', 'without'] : ['without', 'with']
    for (const arm of order) found[arm].push(await settle(arm, await prepare(2 * round + order.indexOf(arm)), batch))
  }
  const ratios = found.with.map((value, index) => value / found.without[index])
  console.log(
    `${String(batch).padStart(3)} runs a call: ${median(found.without).toFixed(2)} µs a settlement without counts, ` +
      `${median(found.with).toFixed(2)} µs with; median of the ratios ${((median(ratios) - 1) * 100).toFixed(1)} %`,
  )
}
await server.stop()
