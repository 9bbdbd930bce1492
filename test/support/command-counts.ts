import { Redis } from 'ioredis'
import { waitFor } from './wait-for.js'

/** How often each command ran since the server's start, by its name in small letters, such as `evalsha`. */
export type CommandCounts = Map<string, number>

const SCRIPT_COMMANDS = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro']

/**
 * Reads `INFO commandstats`. The server counts what scripts call together with what clients send; script commands
 * themselves never run inside a script, so their counts are exact. To count what clients send, see `redis-proxy.ts`.
 */
export async function readCommandCounts(client: Redis): Promise<CommandCounts> {
  const counts: CommandCounts = new Map()
  for (const line of (await client.info('commandstats')).split('\r\n')) {
    const match = /^cmdstat_([^:]+):calls=(\d+)/.exec(line)
    if (match?.[1] !== undefined) counts.set(match[1], Number(match[2]))
  }
  return counts
}

/** How many script calls these counts hold. */
export function scriptCalls(counts: CommandCounts): number {
  return SCRIPT_COMMANDS.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0)
}

/** How many script calls a second ran on the server while it did something for as long as `idle` takes. */
export async function scriptCallsPerSecond(url: string, idle: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  const counts = await countCommands(url, idle)
  return scriptCalls(counts) / ((performance.now() - startedAt) / 1_000)
}

/** Resolves when a second passes with at most one script call: a worker that has just started has looked around. */
export async function untilQuiet(url: string): Promise<void> {
  const aSecond = () => new Promise<void>((resolve) => setTimeout(resolve, 1_000))
  await waitFor(async () => scriptCalls(await countCommands(url, aSecond)) <= 1, { what: 'a quiet second' })
}

/** What ran on the server while `action` did, without the counting itself. */
export async function countCommands(url: string, action: () => Promise<void>): Promise<CommandCounts> {
  const client = new Redis(url)
  try {
    const before = await readCommandCounts(client)
    await action()
    const after = await readCommandCounts(client)
    const ran: CommandCounts = new Map()
    for (const [name, count] of after) {
      // The first INFO is in no count that it read itself, and in the second one.
      const difference = count - (before.get(name) ?? 0) - (name === 'info' ? 1 : 0)
      if (difference > 0) ran.set(name, difference)
    }
    return ran
  } finally {
    client.disconnect()
  }
}
