import { wrongValue } from '../schedule/field-values.js'
import type { RedisSource } from './redis-source.js'

/**
 * Reads `leaseKeeper`. The lease thread must be able to open its own connection.
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function parseLeaseKeeper(value: unknown, redis: RedisSource): 'loop' | 'thread' {
  if (value !== 'loop' && value !== 'thread')
    throw wrongValue('leaseKeeper', value, "'loop' or 'thread'", 'ERR_EVERYBEAT_OPTIONS')
  if (value === 'thread') {
    const given = redis.kind === 'options' ? redis.options : redis.kind === 'url' ? { tls: redis.tls } : null
    const why = given ? whyNotCopied(given) : 'a live client'
    const allowed = "'loop', or redis as a URL or as options that can be copied to a thread (no functions)"
    if (why) throw wrongValue('leaseKeeper', `thread with ${why} as redis`, allowed, 'ERR_EVERYBEAT_OPTIONS')
  }
  return value
}

function whyNotCopied(options: object): string | null {
  for (const [name, value] of Object.entries(options)) {
    try {
      structuredClone(value)
    } catch {
      return `the option ${name}`
    }
  }
  return null
}
