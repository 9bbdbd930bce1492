import type { ClaimRequest } from '../../worker/store.js'

/** The arguments by which a claim says what it takes, named as the script names them. */
export function claimArguments({ requestId, slots, maxClaims, aheadMs, expectedDueMs, tellsFleet }: ClaimRequest) {
  return {
    request: requestId,
    slots,
    max_claims: maxClaims,
    ahead: aheadMs,
    expected: expectedDueMs === null ? '' : Math.floor(expectedDueMs),
    tells: tellsFleet ? 1 : 0,
  }
}

/** The task queues of a claim as the script takes them: the queue, its limit, and the room for it, in turn. */
export function queueArguments({ capacities }: ClaimRequest): (string | number)[] {
  return capacities.flatMap(({ pool, task, maxConcurrent, freeSlots }) => [
    `${pool}\n${task}`,
    maxConcurrent,
    freeSlots,
  ])
}
