/** The load of a fleet in one part of the time. */
export interface LoadPoint {
  /** Begin of the part. */
  readonly at: Date
  /** Number of runs that started in it. */
  started: number
  /** Most runs at the same time. */
  running: number
  /** Most runs that waited for a free slot. */
  waiting: number
}

const SIZES_MS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400].map((size) => size * 1_000)
const MOST_POINTS = 400

/** Counts runs that are running, part by part of the time. */
export class LoadChart {
  readonly points: LoadPoint[]
  readonly sizeMs: number
  readonly #fromMs: number

  constructor(fromMs: number, toMs: number) {
    this.sizeMs = SIZES_MS.find((size) => (toMs - fromMs) / size <= MOST_POINTS) ?? SIZES_MS.at(-1)!
    this.#fromMs = fromMs
    const count = Math.ceil((toMs - fromMs) / this.sizeMs)
    this.points = Array.from({ length: count }, (_, index) => {
      return { at: new Date(fromMs + index * this.sizeMs), started: 0, running: 0, waiting: 0 }
    })
  }

  /** Records the load from an instant on. */
  note(atMs: number, running: number, waiting: number, started: number): void {
    const point = this.points[Math.floor((atMs - this.#fromMs) / this.sizeMs)]
    if (!point) return
    point.started += started
    if (running > point.running) point.running = running
    if (waiting > point.waiting) point.waiting = waiting
  }
}
