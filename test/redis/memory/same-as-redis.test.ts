import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMemoryServer, type MemoryServer } from '../../../src/testing/memory-server.js'
import { redisVersion, useRedis } from '../../support/redis.js'
import { commandSequence, comparable, type Words } from './command-sequences.js'

const redis = useRedis()
const RUNS = process.env.CI === 'true' ? 2_000 : 300

async function answer(client: Redis, [name = '', ...args]: Words): Promise<unknown> {
  try {
    return await client.call(name, ...args)
  } catch (error) {
    return `error: ${(error as Error).message}`
  }
}

async function play(client: Redis, sequence: readonly Words[]): Promise<string[]> {
  await client.flushall()
  const replies = await Promise.all(sequence.map((words) => answer(client, words)))
  return replies.map((reply, index) => `${sequence[index]!.join(' ')} → ${comparable(sequence[index]!, reply)}`)
}

describe('the memory server', () => {
  let server: MemoryServer
  let memory: Redis

  beforeAll(async () => {
    server = await startMemoryServer()
    memory = new Redis(server.port)
  })

  afterAll(async () => {
    memory.disconnect()
    await server.stop()
  })

  it(
    'the memory server answers every command of random sequences as redis-server does',
    { timeout: 600_000 },
    async (context) => {
      // Each version words some errors in its own way; the store does it as this one.
      context.skip((await redisVersion(redis.client)) !== 7, 'compares with Redis 7.0')
      let count = 0
      await fc.assert(
        fc.asyncProperty(commandSequence, async (sequence) => {
          count += sequence.length
          expect(await play(memory, sequence)).toEqual(await play(redis.client, sequence))
        }),
        { numRuns: RUNS },
      )
      process.stderr.write(`compared ${count} commands of ${RUNS} sequences with redis-server: no difference\n`)
    },
  )
})
