import type { Task } from '../run/task.js'

type BoundedTask = Pick<Task, 'name' | 'concurrency'>

/** The slots that one claim in flight may fill; no other claim of this worker can use them. */
export interface Reservation {
  readonly slots: number
  /** Most runs of a task that the claim may win. */
  roomFor(task: BoundedTask): number
  /** Releases the reservation; the runs that the claim won have taken their slots before. */
  release(): void
}

/** Counts the runs of a worker, in all and by task, and so limits the claims of its loops. */
export class Slots {
  /** The most runs at the same time. */
  readonly concurrency: number
  readonly #onFree: (task: string) => void
  readonly #loopCount: number
  /** Runs by task. */
  readonly #takenByTask = new Map<string, number>()
  /** Reserved runs by bounded task. */
  readonly #reservedByTask = new Map<string, number>()
  /** Loops that wait for a free slot, in order of arrival. */
  readonly #queue = new Set<() => void>()
  /** Runs in all. */
  #taken = 0
  /** Reserved slots in all. */
  #reserved = 0
  /** Number of claims in flight. */
  #reservationCount = 0
  #isPaused = false
  /** Resolvers of {@link whenIdle}. */
  #idleWaiters: (() => void)[] = []

  /**
   * @param onFree called when a slot for a task becomes free
   * @param loopCount number of loops that share the slots: a claim reserves only its part, so that no loop waits for
   *   another
   */
  constructor(concurrency: number, onFree: (task: string) => void, loopCount = 1) {
    this.concurrency = concurrency
    this.#onFree = onFree
    this.#loopCount = loopCount
  }

  /** Number of runs that have a slot. */
  get taken(): number {
    return this.#taken
  }

  /** Number of slots that are neither taken nor reserved; 0 while paused. */
  get available(): number {
    return this.#isPaused ? 0 : Math.max(0, this.concurrency - this.#taken - this.#reserved)
  }

  /** Number of slots without a run, reserved slots included; 0 while paused. */
  get left(): number {
    return this.#isPaused ? 0 : Math.max(0, this.concurrency - this.#taken)
  }

  take(task: string): void {
    this.#taken += 1
    this.#takenByTask.set(task, (this.#takenByTask.get(task) ?? 0) + 1)
  }

  free(task: string): void {
    this.#taken -= 1
    const left = (this.#takenByTask.get(task) ?? 1) - 1
    if (left === 0) this.#takenByTask.delete(task)
    else this.#takenByTask.set(task, left)
    this.#onFree(task)
    this.#resumeQueue()
    if (this.#taken > 0) return
    for (const resolve of this.#idleWaiters) resolve()
    this.#idleWaiters = []
  }

  /** Reserves the slots for a claim: only the part of one loop while other loops of this worker may claim too. */
  reserve(tasks: Iterable<BoundedTask>): Reservation {
    const partOf = (count: number) => Math.ceil(count / Math.max(1, this.#loopCount - this.#reservationCount))
    const slots = partOf(this.available)
    const rooms = new Map<string, number>()
    for (const { name, concurrency } of tasks) {
      if (concurrency === null) continue
      const reserved = this.#reservedByTask.get(name) ?? 0
      const left = Math.max(0, concurrency - (this.#takenByTask.get(name) ?? 0) - reserved)
      const room = Math.min(slots, partOf(left))
      rooms.set(name, room)
      this.#reservedByTask.set(name, reserved + room)
    }
    this.#reserved += slots
    this.#reservationCount += 1
    return {
      slots,
      roomFor: ({ name }) => rooms.get(name) ?? slots,
      release: () => this.#release(slots, rooms),
    }
  }

  /** Calls back once when a slot becomes free, in order of arrival. */
  onAvailable(resume: () => void): void {
    this.#queue.add(resume)
  }

  /** While paused no slot is free; runs keep their slots. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#resumeQueue()
  }

  /** Resolves when no slot is taken. */
  whenIdle(): Promise<void> {
    return this.#taken === 0 ? Promise.resolve() : new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  #release(slots: number, rooms: ReadonlyMap<string, number>): void {
    this.#reserved -= slots
    this.#reservationCount -= 1
    for (const [name, room] of rooms) this.#reservedByTask.set(name, (this.#reservedByTask.get(name) ?? 0) - room)
    // With a single loop no other loop can wait for these slots.
    if (this.#loopCount > 1) for (const [name, room] of rooms) if (room > 0) this.#onFree(name)
    this.#resumeQueue()
  }

  #resumeQueue(): void {
    for (const resume of this.#queue) {
      if (this.available === 0) return
      this.#queue.delete(resume)
      resume()
    }
  }
}
