import { wallTimeMs } from './time.mjs'

/** Keeps the start of every run in memory: no I/O per fire, so that the measuring does not disturb the measured work. */
export function createRecorder() {
  let values = new Float64Array(3 * 4096)
  let length = 0
  return {
    /** Notes that schedule `id` started now for the instant `scheduledAt` (epoch ms). */
    record(id, scheduledAt) {
      const startedAt = wallTimeMs()
      if (length === values.length) {
        const larger = new Float64Array(values.length * 2)
        larger.set(values)
        values = larger
      }
      values[length] = id
      values[length + 1] = scheduledAt
      values[length + 2] = startedAt
      length += 3
    },
    /** Starts noted so far. */
    count() {
      return length / 3
    },
    /** Everything noted so far, flat: id, scheduledAt, startedAt, id, … */
    take() {
      return values.slice(0, length)
    },
  }
}

/** The flat form as objects. */
export function unpackFires(flat) {
  const fires = new Array(flat.length / 3)
  for (let index = 0; index < fires.length; index += 1) {
    fires[index] = { id: flat[index * 3], scheduledAt: flat[index * 3 + 1], startedAt: flat[index * 3 + 2] }
  }
  return fires
}
