import { Cluster, Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Everybeat, type EverybeatError, type EverybeatOptions } from '../../src/index.js'
import { SYSTEM_TIME } from '../../src/time-source.js'
import { duplicateConnection, duplicateForClaims } from '../../src/redis/connection/client.js'
import { createKeys } from '../../src/redis/keys.js'
import { nextEvent } from '../support/fleet.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { useTls } from '../support/redis-tls.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { waitFor } from '../support/wait-for.js'

const tls = useTls()
const plain = useRedis()
let cleanup: (() => unknown)[] = []

beforeEach((ctx) => tls.need(ctx))
afterEach(async () => {
  await Promise.all(cleanup.map((end) => end()))
  cleanup = []
})

function create(options: EverybeatOptions): Everybeat {
  const beat = new Everybeat({ prefix: uniquePrefix('tls'), logger: false, ...options })
  cleanup.push(() => beat.stop({ timeoutMs: 500 }))
  return beat
}

/** A client that has nothing of Everybeat. */
function bareClient(port: number): Redis {
  const client = new Redis({ host: '127.0.0.1', port, tls: tls.ours.tls })
  cleanup.push(() => client.disconnect())
  return client
}

/** Fires, settles, and notices a new schedule and a plain edit: uses every connection of a worker. */
async function showThatAllWorks(beat: Everybeat, redis: Redis, prefix: string): Promise<void> {
  await holdMaintenance(redis, [createKeys(prefix, 0, 1)])
  beat.task('work', (run) => ({ at: run.scheduledAt.getTime() }))
  await beat.start()
  await Promise.all([
    nextEvent(beat, 'run:succeeded', ({ schedule }) => schedule === 'told'),
    beat.schedules.put('told', { task: 'work', every: 200 }),
  ])
  const named = async () => (await redis.client('LIST')) as string
  await waitFor(async () => (await named()).match(/name=everybeat-subscriber/g)?.length === 2, { what: 'the watch' })
  // The watch has a connection of its own, and this connection sends no message.
  await Promise.all([
    nextEvent(beat, 'run:succeeded', ({ schedule }) => schedule === 'bare'),
    redis.hset(`{${prefix}}:schedule:bare`, { task: 'work', every: '200' }),
  ])
  expect(await beat.schedules.history('told')).toContainEqual(expect.objectContaining({ outcome: 'ok' }))
}

describe('TLS with a private CA and client certificates', () => {
  it.each(['a rediss:// URL and the option tls', 'ioredis options', 'a live client'])(
    'TLS with a private CA and client certificates works with %s',
    async (how) => {
      const server = await tls.start()
      const prefix = uniquePrefix('tls')
      const client = bareClient(server.port)
      const redis =
        how === 'ioredis options'
          ? { redis: { host: '127.0.0.1', port: server.port, tls: tls.ours.tls } }
          : how === 'a live client'
            ? { redis: client }
            : { redis: server.url, tls: tls.ours.tls }
      await showThatAllWorks(create({ ...redis, prefix }), bareClient(server.port), prefix)
    },
  )

  it('TLS with a private CA and client certificates also works for claims that wait for replicas, and for lock nodes', async () => {
    const server = await tls.start()
    const replica = await tls.start(['--replicaof', '127.0.0.1', String(server.port)])
    const nodes = await Promise.all([0, 1, 2].map(() => tls.start()))
    const admin = bareClient(replica.port)
    await waitFor(async () => (await admin.info('replication')).includes('master_link_status:up'), {
      what: 'the replica to be in step',
    })
    const prefix = uniquePrefix('tls')
    const lockNodes = nodes.map(({ url }) => url)
    const durability = { replicas: 1, timeoutMs: 2_000 }
    const beat = create({ redis: server.url, tls: tls.ours.tls, lockNodes, durability, prefix })
    const redis = bareClient(server.port)
    await showThatAllWorks(beat, redis, prefix)
    expect(await redis.client('LIST')).toContain('name=everybeat-claims')
    for (const { port } of nodes) expect(await bareClient(port).dbsize()).toBeGreaterThan(0)
  })

  it.each([
    ['the CA is not that of the server', () => ({ ...tls.ours.tls, ca: tls.stranger.tls.ca }), /tls\.ca/],
    ['there is no CA', () => ({ cert: tls.ours.tls.cert, key: tls.ours.tls.key }), /tls\.ca/],
    ['there is no client certificate', () => ({ ca: tls.ours.tls.ca }), /tls\.cert.*tls\.key/],
    ['the client certificate is of another CA', () => ({ ...tls.stranger.tls, ca: tls.ours.tls.ca }), /tls\.cert/],
    [
      'the name is not in the certificate',
      () => ({ ...tls.ours.tls, servername: 'redis.example' }),
      /name in the certificate/,
    ],
  ])('TLS with a private CA and client certificates fails the start at once when %s', async (_what, how, advice) => {
    const server = await tls.start()
    // The time-out is longer than this test may take: the start does not wait for it.
    const beat = create({ redis: server.url, tls: how(), connectTimeoutMs: 600_000 })
    const error = (await beat.start().catch((reason: unknown) => reason)) as EverybeatError
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION', field: 'redis' })
    expect(error.message).toContain(`127.0.0.1:${server.port}`)
    expect(error.message).toMatch(advice)
  })

  it('an instance that stops during a failing TLS handshake leaves no uncaught error', async () => {
    const server = await tls.start()
    const stops: Promise<unknown>[] = []
    // One more turn of the event loop for each instance: a stop meets every step of a handshake.
    for (let turns = 0; turns < 120; turns += 1) {
      const beat = create({ redis: server.url, tls: { ...tls.ours.tls, ca: tls.stranger.tls.ca } })
      const failed = beat.start().catch((error: unknown) => error)
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate)
      stops.push(beat.stop({ timeoutMs: 500 }), failed)
    }
    await Promise.all(stops)
  })

  it('the error of a start says that only one side speaks TLS', async () => {
    const server = await tls.start()
    const common = { connectTimeoutMs: 700 }
    const secure = create({ ...common, redis: `rediss://127.0.0.1:${plain.port}`, tls: tls.ours.tls })
    await expect(secure.start()).rejects.toThrow(/port without TLS/)
    await expect(create({ ...common, redis: `redis://127.0.0.1:${server.port}` }).start()).rejects.toThrow(/TLS port/)
  })

  it('a start with TLS fails for a lock node with another CA, and succeeds without a lock node that cannot be reached', async () => {
    const [server, stranger] = [await tls.start(), await tls.start([], tls.stranger)]
    const common = { redis: server.url, tls: tls.ours.tls }
    await expect(create({ ...common, lockNodes: [stranger.url] }).start()).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_CONNECTION',
      field: 'lockNodes[0]',
    })
    await create({ ...common, lockNodes: ['rediss://127.0.0.1:1'], connectTimeoutMs: 600_000 }).start()
  })

  it('an error event reports a server that returns with an untrusted certificate', async () => {
    const server = await tls.start()
    const beat = create({ redis: server.url, tls: tls.ours.tls })
    await beat.start()
    const told: unknown[] = []
    beat.on('error', (event) => event.context === 'connection' && told.push(event.message))
    const refused = nextEvent(beat, 'error', ({ context }) => context === 'connection')
    const restored = nextEvent(beat, 'connection:restored', () => true, 30_000)
    await server.stop()
    const wrong = await tls.start([], tls.stranger, server.port)
    expect((await refused).message).toMatch(/tls\.ca/)
    await wrong.stop()
    await tls.start([], tls.ours, server.port)
    await restored
    expect(told).toHaveLength(1)
  })
})

describe('a Cluster with TLS and a password', () => {
  it('every further connection to a Cluster with TLS and a password has both', () => {
    const redisOptions = { password: 'secret', tls: { servername: 'redis.example' } }
    const client = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true, redisOptions })
    const connection = { client, owned: false, isCluster: true, time: SYSTEM_TIME }
    for (const duplicate of [duplicateConnection(connection), duplicateForClaims(connection)]) {
      cleanup.push(() => duplicate.disconnect())
      expect((duplicate as Cluster).options.redisOptions).toMatchObject(redisOptions)
    }
  })
})
