import type { FakeClock } from '../../support/fake-clock.js'
import type { NetworkLink } from './network-link.js'

/** Where and how the worker at one place of the fleet runs. */
export interface WorkerPlace {
  readonly env?: Record<string, string>
  /** Arguments of Node. */
  readonly args?: readonly string[]
  /** A command that runs the worker in its own process, such as `ip netns exec …`. */
  readonly launcher?: readonly string[]
  /** Address under which this worker reaches Redis. */
  readonly host?: string
  /** Options of `new Everybeat` beside those of the scenario. */
  readonly options?: Record<string, unknown>
}

/** What a fault needs around the fleet, set up before the first process and taken down after the last. */
export interface Stage {
  readonly serverArgs?: readonly string[]
  readonly serverEnv?: Record<string, string>
  /** One entry for each worker by its place; later workers use the entries again from the first. */
  readonly places?: readonly WorkerPlace[]
  /** Whether a run keeps its lease while its event loop is blocked. */
  readonly keepsLeases?: boolean
  /** Clocks of workers, by place. */
  readonly clocks?: readonly FakeClock[]
  /** Redis's own clock, where it can be made to jump. */
  readonly serverClock?: FakeClock
  /** The cable of each worker, by place. */
  readonly links?: readonly NetworkLink[]
  close?(): Promise<void>
}

/** This machine cannot set the stage: a reason to skip, not a broken promise. */
export class Unavailable extends Error {}
