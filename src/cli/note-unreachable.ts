import type { Session } from './session.js'

/** Says on the standard error which shards did not answer: what they hold is missing in what was found. */
export function noteUnreachable({ note }: Session, shards: readonly number[] | undefined): void {
  if (shards !== undefined) note(describeUnreachable(shards))
}

/** Which shards do not answer, in words. */
export function describeUnreachable(shards: readonly number[]): string {
  const [noun, verb] = shards.length === 1 ? ['shard', 'does'] : ['shards', 'do']
  return `${noun} ${shards.join(', ')} ${verb} not answer: what ${shards.length === 1 ? 'it holds' : 'they hold'} is missing here`
}
