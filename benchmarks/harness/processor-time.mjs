import { readFile, readdir } from 'node:fs/promises'

/**
 * Processor time of processes so far, ms: spent running, and spent ready to run with no core free. The second is what
 * other work on the machine does to a measurement. Linux only; elsewhere `NaN`.
 */
export async function readProcessorTime(pids) {
  const sum = { runningMs: 0, waitingMs: 0 }
  for (const pid of pids) {
    try {
      for (const thread of await readdir(`/proc/${pid}/task`)) {
        const [running, waiting] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')
        sum.runningMs += Number(running) / 1e6
        sum.waitingMs += Number(waiting) / 1e6
      }
    } catch {
      return { runningMs: NaN, waitingMs: NaN }
    }
  }
  return sum
}
