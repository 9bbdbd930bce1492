import type { ClaimRequest } from '../../worker/store.js'

/** The arguments of a claim that limit it, by the names of the script. */
export function claimArguments(request: ClaimRequest, hasWorkerChannels: boolean) {
  const { requestId, slots, maxClaims, aheadMs, expectedDueMs, tellsFleet, near } = request
  return {
    request: requestId,
    slots,
    max_claims: maxClaims,
    ahead: aheadMs,
    expected: expectedDueMs === null ? '' : Math.floor(expectedDueMs),
    tells: tellsFleet ? 1 : 0,
    near: (hasWorkerChannels && near?.dueCount) || '',
  }
}

/** The task queues of a claim in groups of three: the queue, its limit and its free slots. */
export function queueArguments({ capacities }: ClaimRequest): (string | number)[] {
  return capacities.flatMap(({ pool, task, maxConcurrent, freeSlots }) => [
    `${pool}\n${task}`,
    maxConcurrent,
    freeSlots,
  ])
}
