/** What a fleet does in one part of the time. */
export interface LoadPoint {
  /** Where the part begins. */
  readonly at: Date
  /** Runs that started in it. */
  started: number
  /** The most that went at the same time. */
  running: number
  /** The most that waited for a free slot. */
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

  /** Notes what is so from now on. */
  note(atMs: number, running: number, waiting: number, started: number): void {
    const point = this.points[Math.floor((atMs - this.#fromMs) / this.sizeMs)]
    if (!point) return
    point.started += started
    if (running > point.running) point.running = running
    if (waiting > point.waiting) point.waiting = waiting
  }
}
