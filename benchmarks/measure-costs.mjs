// Measures what one schedule and one fire cost Redis: the figures that capacity-model.mjs computes with.
//   npm run build && node benchmarks/measure-costs.mjs [--schedules 100000] [--seconds 20]
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { Everybeat } from '../dist/index.js'
import { startRedisServer } from '../dist/testing/index.js'

const { values } = parseArgs({
  options: { schedules: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '20' } },
})
const count = Number(values.schedules)
const seconds = Number(values.seconds)
const LISTENERS = 100
const MESSAGES = 1_000
const server = await startRedisServer()
const redis = new Redis(server.url)
const create = (prefix) => new Everybeat({ redis: server.url, prefix, logger: false, concurrency: 500 })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const nameOf = (index) => `report-of-the-customer-number-${String(index).padStart(10, '0')}`

async function info(section, pattern) {
  const text = await redis.info(section)
  return [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0)
}
const usedMemory = () => info('memory', /^used_memory:(\d+)/gm)
/** All of the process's time, also that for the network, seconds. */
const usedCpu = () => info('cpu', /^used_cpu_(?:sys|user):([\d.]+)/gm)
const scripts = () => info('commandstats', /^cmdstat_evalsha:calls=(\d+)/gm)

function print(name, value, unit) {
  process.stdout.write(`${name.padEnd(22)} ${value.toFixed(value < 10 ? 2 : 0).padStart(7)} ${unit}\n`)
}

async function measureSchedules() {
  const beat = create('schedules')
  await beat.schedules.put('first', { every: '1h' })
  const definitions = Array.from({ length: count }, (_, index) => ({
    name: nameOf(index),
    task: 'send-report',
    cron: `${index % 60} ${index % 24} * * *`,
    payload: { customer: index },
  }))
  const [memory, cpu, startedAt] = [await usedMemory(), await usedCpu(), performance.now()]
  await beat.schedules.putMany(definitions)
  print('put', ((await usedCpu()) - cpu) * (1e6 / count), 'µs of Redis')
  print('put, all in all', ((performance.now() - startedAt) / count) * 1000, 'µs')
  print('schedule', ((await usedMemory()) - memory) / count, 'bytes')
  await beat.stop()
}

async function measureFires() {
  // The second worker shows how often a fleet gets messages about a fire; a single worker sends none.
  const beats = [create('fires'), create('fires')]
  let fires = 0
  for (const beat of beats) {
    beat.task('send-report', () => {
      fires += 1
      return { sent: true }
    })
  }
  const definitions = Array.from({ length: 400 }, (_, index) => ({
    name: nameOf(index),
    task: 'send-report',
    every: '1s',
    spread: true,
    payload: { customer: index },
  }))
  await beats[0].schedules.putMany(definitions)
  await beats[0].start()
  await measureWindow('one worker', () => fires)
  await beats[1].start()
  const listener = new Redis(server.url)
  let heard = 0
  listener.on('message', () => (heard += 1))
  await listener.subscribe('{fires}:wake')
  const [heardBefore, firesBefore] = [heard, fires]
  await measureWindow('two workers', () => fires)
  print('messages', (heard - heardBefore) / (fires - firesBefore), 'per fire')
  listener.disconnect()
  await Promise.all(beats.map((beat) => beat.stop()))
  const key = `{fires}:history:${nameOf(0)}`
  print('history', (await redis.memory('USAGE', key, 'SAMPLES', 0)) / (await redis.xlen(key)), 'bytes per entry')
}

async function measureWindow(name, fires) {
  await pause(3_000)
  const before = { fires: fires(), cpu: await usedCpu(), scripts: await scripts() }
  await pause(seconds * 1_000)
  const count = fires() - before.fires
  print(`fire, ${name}`, (((await usedCpu()) - before.cpu) * 1e6) / count, 'µs of Redis')
  print('script calls', ((await scripts()) - before.scripts) / count, 'per fire')
}

/** The cost of one message to one listener, for every kind of sending. */
async function measureTelling() {
  const listeners = Array.from({ length: LISTENERS }, () => new Redis(server.url))
  await Promise.all(listeners.map((listener) => listener.subscribe('news')))
  const cpu = await usedCpu()
  const message = JSON.stringify({ type: 'head', shard: 0, atMs: Date.now(), from: 'worker-0' })
  for (let sent = 0; sent < MESSAGES; sent += 1) await redis.publish('news', message)
  print('telling one worker', ((await usedCpu()) - cpu) * (1e6 / MESSAGES / LISTENERS), 'µs of Redis')
  for (const listener of listeners) listener.disconnect()
}

async function measureBeats() {
  const idle = await usedCpuIn(seconds)
  const beats = Array.from({ length: 50 }, () => create('beats'))
  for (const beat of beats) beat.task('send-report', () => {})
  await Promise.all(beats.map((beat) => beat.start()))
  await pause(6_000)
  const cpu = await usedCpuIn(seconds)
  print('beat', ((cpu - idle) * 1e6) / ((beats.length * seconds) / 5), 'µs of Redis')
  await Promise.all(beats.map((beat) => beat.stop()))
}

async function usedCpuIn(windowSeconds) {
  const before = await usedCpu()
  await pause(windowSeconds * 1_000)
  return (await usedCpu()) - before
}

try {
  await measureSchedules()
  await measureFires()
  await measureTelling()
  await redis.flushall()
  await measureBeats()
} finally {
  redis.disconnect()
  await server.stop()
}
