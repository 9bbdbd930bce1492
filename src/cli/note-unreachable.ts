import type { Session } from './session.js'

/** Writes to the standard error which shards did not answer, so that their data is missing. */
export function noteUnreachable({ note }: Session, shards: readonly number[] | undefined): void {
  if (shards !== undefined) note(describeUnreachable(shards))
}

/** The sentence that names the shards without an answer. */
export function describeUnreachable(shards: readonly number[]): string {
  const [noun, verb] = shards.length === 1 ? ['shard', 'does'] : ['shards', 'do']
  return `${noun} ${shards.join(', ')} ${verb} not answer, so ${shards.length === 1 ? 'its' : 'their'} data is missing`
}
