import { expect, it, onTestFinished } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { startRedisProxy } from '../support/redis-proxy.js'
import { waitFor } from '../support/wait-for.js'
import { createRandom } from './harness/random.js'
import { startSentinelGroup } from './harness/sentinel.js'

const STEP_MS = 100

it('workers leave a live primary when sentinels have replaced it, before the primary is demoted', async () => {
  await using group = await startSentinelGroup()
  const starts = new Set<string>()
  await using beat = new Everybeat({ ...(group.workerOptions as EverybeatOptions), logger: false })
  const tick = beat.task('tick', ({ id }) => void starts.add(id))
  await tick.schedule('tick', { every: STEP_MS, overlap: 'allow', misfire: 'all', maxCatchUp: 1_000 })
  await beat.start()
  await waitFor(() => starts.size > 5, { what: 'runs' })
  const order: string[] = []
  const former = await group.connect()
  onTestFinished(() => former.disconnect())
  await former.ping()
  // A primary that gets the command to follow another one closes the connections of its clients.
  former.once('close', () => order.push('the former primary is told'))
  beat.on('connection:lost', () => order.push('the worker leaves'))
  await group.failOver('planned', createRandom(1))
  const before = starts.size
  await waitFor(() => starts.size > before + 20, { what: 'runs afterwards' })
  await waitFor(() => order.includes('the former primary is told'), { what: 'the message to the former primary' })
  expect(order[0]).toBe('the worker leaves')
})

it('workers reconnect when the switch is announced while they ask a sentinel for the primary', async () => {
  await using group = await startSentinelGroup()
  const { redis } = group.workerOptions as { redis: { sentinels: { port: number }[] } }
  const [{ port }] = redis.sentinels as [{ port: number }]
  await using asked = await startRedisProxy(`redis://127.0.0.1:${port}`)
  await using heard = await startRedisProxy(`redis://127.0.0.1:${port}`)
  const sentinels = [asked, heard].map((proxy) => ({ host: '127.0.0.1', port: proxy.port }))
  // Else ioredis asks the sentinels for each other, and goes to them by another way.
  const source = { ...redis, sentinels, updateSentinels: false }
  const durability = { replicas: 1, timeoutMs: 200 }
  await using beat = new Everybeat({ redis: source, durability, logger: false })
  const starts: string[] = []
  const tick = beat.task('tick', ({ schedule }) => void starts.push(schedule))
  await tick.schedule('tick', { every: STEP_MS })
  await beat.start()
  await waitFor(() => starts.length > 5, { what: 'runs' })
  const lost = new Promise((resolve) => beat.on('connection:lost', resolve))
  const admin = await group.connect()
  onTestFinished(() => admin.disconnect())
  asked.setTraffic('freeze')
  for (const type of ['normal', 'pubsub']) await admin.call('CLIENT', 'KILL', 'TYPE', type)
  await lost
  await group.failOver('planned', createRandom(1))
  asked.setTraffic('pass')
  const before = starts.length
  await waitFor(() => starts.length > before + 5, { what: 'runs afterwards' })
  // Plain edits arrive on a connection of their own.
  await admin.hset('{everybeat}:schedule:edited', { task: 'tick', every: '100ms' })
  await waitFor(() => starts.includes('edited'), { what: 'an edit to be noticed' })
})
