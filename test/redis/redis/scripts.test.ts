import { describe, expect, it } from 'vitest'
import { SCRIPTS } from '../../../src/redis/scripts/generated.js'
import { useRedis } from '../../support/redis.js'

const redis = useRedis()

describe('the embedded scripts', () => {
  it.each(Object.entries(SCRIPTS))(
    '%s compiles on the server, under the digest it is called by',
    async (_name, script) => {
      expect(await redis.client.script('LOAD', script.text)).toBe(script.sha1)
    },
  )
})
