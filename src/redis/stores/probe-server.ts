import { EverybeatError } from '../../errors.js'
import { addressOf } from '../connection/address.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** A feature that the server refuses to the user of a fleet, with the consequence. */
export interface Refused {
  /** `scripts`, `time`, `streams`, `keys`, `publish`, `memory`. */
  readonly what: string
  /** Whether a fleet cannot work without it; otherwise it works with a loss. */
  readonly isEssential: boolean
  /** The purpose of the feature. */
  readonly why: string
  /** The setting that allows it. */
  readonly advice: string
  /** The error of the server. */
  readonly answer: string
}

const ABILITIES: Record<string, Pick<Refused, 'isEssential' | 'why' | 'advice'>> = {
  scripts: {
    isEssential: true,
    why: 'a claim is one script, so that it happens as a whole or not at all',
    advice: 'allow EVAL and EVALSHA to this user, on a server that runs Lua scripts',
  },
  time: {
    isEssential: true,
    why: 'the one clock of a fleet is that of its server, read in its scripts',
    advice:
      'allow TIME to this user (`+time`); the server must allow it in scripts that write, as Redis 5 and later do',
  },
  streams: {
    isEssential: true,
    why: 'the history of a schedule is a stream: without it no run can be recorded',
    advice:
      'use a server with streams, such as Redis 6 or later or Valkey; Garnet has none. Allow XADD, XREVRANGE and XTRIM to this user',
  },
  keys: {
    isEssential: true,
    why: 'a claim does not know in advance which schedules it wins, so it builds their keys from the prefix',
    advice:
      'allow scripts to use keys that are not declared; Dragonfly: --cluster_mode=emulated --lock_on_hashtags, or --default_lua_flags=allow-undeclared-keys. Allow this user the keys of the prefix',
  },
  memory: {
    isEssential: true,
    why: 'each claim and each settlement writes',
    advice: 'raise `maxmemory`, or remove what is not needed any more; then start again',
  },
  publish: {
    isEssential: false,
    why: 'workers announce the next due to each other; without messages a worker notices it up to `maxSleepMs` later',
    advice: 'allow PUBLISH in scripts, and the channels of the prefix to this user',
  },
}

/** The errors of servers that refuse a command permanently; any other error of the probe may pass. */
const REFUSALS =
  /unknown (redis )?command|not allowed|undeclared|NOPERM|permission|can't (run|access)|unsupported|not supported/i

/** The error of a full server, which reads like a permanent refusal but may pass. */
const FULL = /\bOOM command not allowed/

/** Tries the features that the scripts need, in one call that leaves no key behind. */
export async function probeServer(client: RedisClient, keys: Keys): Promise<Refused[]> {
  const found: Refused[] = []
  const add = (tried: string, answer: string) => {
    const what = FULL.test(answer) ? 'memory' : tried
    const ability = found.some((refused) => refused.what === what) ? undefined : ABILITIES[what]
    if (ability && REFUSALS.test(answer)) found.push({ what, answer, ...ability })
  }
  try {
    const refused = await runScript(client, 'probe-server', { keys: { probe: keys.probe }, args: { tag: keys.tag } })
    for (let index = 0; index + 1 < refused.length; index += 2) add(refused[index]!, refused[index + 1]!)
  } catch (error) {
    if (error instanceof EverybeatError || !(error instanceof Error)) throw error
    // Some servers end a script at its first refused command, although the script handles the error.
    const what = /undeclared/i.test(error.message) ? 'keys' : /\bTIME\b/.test(error.message) ? 'time' : 'scripts'
    add(what, error.message)
    if (found.length === 0) throw error
  }
  return found
}

/**
 * Checks that the server can serve a fleet, before a worker starts.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_SERVER` that names the refused features, their purposes, and the settings that
 *   allow them
 */
export async function assertServer(client: RedisClient, keys: Keys): Promise<void> {
  const essential = (await probeServer(client, keys)).filter(({ isEssential }) => isEssential)
  if (essential.length === 0) return
  const reasons = essential.map(
    ({ what, why, advice, answer }) => `${what}: ${answer}. Needed: ${why}. To do: ${advice}`,
  )
  const message = `Redis at ${addressOf(client)} refuses what a fleet needs. ${reasons.join('; ')}. The guide “Which Redis” (docs/guides/redis.md) says which servers work`
  throw new EverybeatError('ERR_EVERYBEAT_SERVER', message, {
    field: 'redis',
    value: essential.map(({ what }) => what),
  })
}
