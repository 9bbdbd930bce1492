import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosContext } from '../scenario.js'

/** The numbers of the promises in docs/reliability.md; the checker holds every run against all of them. */
export const ONCE = '1 to 4'
export const WITHOUT_MEMORY = '1, 3, 4; the fleet continues without help, with the schedules that code declares'

/** Leaves the fleet as large as it was. */
export async function refill({ fleet, workerCount }: ChaosContext): Promise<void> {
  while (fleet.alive.length < workerCount) await fleet.spawn()
}

/** Waits until a number of ms before a full second: many schedules are due then. */
export const untilNextSecond = (leadMs: number): Promise<void> => sleep((2_000 - (Date.now() % 1_000) - leadMs) % 1_000)
