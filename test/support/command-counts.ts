import { Redis } from 'ioredis'

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
