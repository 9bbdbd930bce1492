import { EverybeatError } from '../../errors.js'
import { addressOf } from '../connection/address.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** What the server or the user of a fleet refuses, and what follows from it. */
export interface Refused {
  /** `scripts`, `time`, `streams`, `keys`, `publish`, `memory`. */
  readonly what: string
  /** Whether no fleet can work without it; else it does, in a worse way. */
  readonly isEssential: boolean
  /** What it is needed for. */
  readonly why: string
  /** What allows it. */
  readonly advice: string
  /** The words of the server. */
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
    why: 'a claim cannot know beforehand which schedules it wins, so it makes their keys from the prefix',
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
    why: 'workers tell each other what is due next; without it each one looks by itself, up to `maxSleepMs` later',
    advice: 'allow PUBLISH in scripts, and the channels of the prefix to this user',
  },
}

/** Words of servers that refuse a command for good; any other error of the probe may pass. */
const REFUSALS =
  /unknown (redis )?command|not allowed|undeclared|NOPERM|permission|can't (run|access)|unsupported|not supported/i

/** Words of a server that is full: they are those of a refusal, and it may have room again. */
const FULL = /\bOOM command not allowed/

/** Tries what the scripts need, in one call that leaves nothing behind. */
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
    // Some servers end a script at its first refusal, whatever the script does about it.
    const what = /undeclared/i.test(error.message) ? 'keys' : /\bTIME\b/.test(error.message) ? 'time' : 'scripts'
    add(what, error.message)
    if (found.length === 0) throw error
  }
  return found
}

/**
 * Checks before a worker starts that the server can serve a fleet.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_SERVER` that names what is refused, why it is needed, and what allows it
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
