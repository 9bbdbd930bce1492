import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PROJECT_DIR } from '../../support/build.js'
import { useRedis } from '../../support/redis.js'

const redis = useRedis()
const numbers = readFileSync(join(PROJECT_DIR, 'src/redis/scripts/lib/numbers.lua'), 'utf8')

/** The text of each argument that a script computes with, so that no text is the argument itself. */
const SCRIPT = `${numbers}
local reply = {}
for i, digits in ipairs(ARGV) do reply[i] = text_of(tonumber(digits) * 1) end
return reply`

async function textsOf(values: readonly number[]): Promise<string[]> {
  return (await redis.client.eval(SCRIPT, 0, ...values.map(String))) as string[]
}

it('the text of a whole number is its digits at each change of how it is printed', async () => {
  const edges = [0, 2 ** 31, 2 ** 31 * 1000, 1e15, 1e12, 1e13, 1_795_867_896_000]
  const values = edges.flatMap((edge) => [edge - 1, edge, edge + 1, -edge - 1, 1 - edge])
  expect(await textsOf(values)).toEqual(values.map(String))
})

it('the text of any whole number is its digits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 50 }), async (values) => {
      expect(await textsOf(values)).toEqual(values.map(String))
    }),
    { numRuns: 100 },
  )
})
