import { ApiError, schedulePath, write } from './api.js'
import { plural } from './format.js'
import type { Schedule } from './model.js'
import { toast } from './parts/toast.js'

/** Time in which an action can be undone, ms. */
const UNDO_MS = 10_000

interface BulkAnswer {
  readonly results: readonly { readonly name: string; readonly outcome: string; readonly error?: string }[]
}

/** Performs an action, and shows a toast when it fails. Gives whether it succeeded. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    toast(error instanceof ApiError ? error.message : String(error), { tone: 'bad', stayMs: 8_000 })
    return false
  }
}

/** Runs a schedule once, now. */
export async function runNow(name: string, body: { payload?: unknown } = {}): Promise<boolean> {
  return await attempt(async () => {
    await write('POST', schedulePath(name, 'run'), body)
    toast(`A run of ${name} was requested`)
  })
}

/** Pauses schedules; the user can undo that for ten seconds. */
export async function pauseMany(
  names: readonly string[],
  options: { note?: string; until?: string },
  done: () => void,
): Promise<void> {
  await attempt(async () => {
    const { results } = await write<BulkAnswer>('POST', 'schedules:pause', { names, ...options })
    const paused = results.filter(({ outcome }) => outcome === 'paused').map(({ name }) => name)
    tellRefused(results)
    done()
    toast(`Paused ${describeNames(paused)}`, {
      stayMs: UNDO_MS,
      action: {
        label: 'Undo',
        run: () => void attempt(() => write('POST', 'schedules:resume', { names: paused })).then(done),
      },
    })
  })
}

/** Resumes schedules; the user can undo that for ten seconds, which restores the note and the end of each pause. */
export async function resumeMany(
  schedules: readonly Pick<Schedule, 'name' | 'paused'>[],
  done: () => void,
): Promise<void> {
  await attempt(async () => {
    const names = schedules.map(({ name }) => name)
    const { results } = await write<BulkAnswer>('POST', 'schedules:resume', { names })
    const resumed = new Set(results.filter(({ outcome }) => outcome === 'resumed').map(({ name }) => name))
    tellRefused(results)
    done()
    const undo = () => pauseAgain(schedules.filter(({ name }) => resumed.has(name)))
    toast(`Resumed ${describeNames([...resumed])}`, {
      stayMs: UNDO_MS,
      action: { label: 'Undo', run: () => void attempt(undo).then(done) },
    })
  })
}

/** Restores former pauses of schedules, in one request for schedules with the same note and end. */
async function pauseAgain(schedules: readonly Pick<Schedule, 'name' | 'paused'>[]): Promise<void> {
  const groups = new Map<string, string[]>()
  for (const { name, paused } of schedules) {
    const { note, until } = paused ?? {}
    const key = JSON.stringify({ note, until })
    groups.set(key, [...(groups.get(key) ?? []), name])
  }
  for (const [options, names] of groups) {
    await write('POST', 'schedules:pause', { names, ...(JSON.parse(options) as object) })
  }
}

/** Removes schedules after ten seconds, unless the user undoes that before: a removal deletes the history too. */
export function removeMany(names: readonly string[], done: () => void): void {
  toast(`Removing ${describeNames(names)}`, {
    stayMs: UNDO_MS,
    action: { label: 'Undo', run: () => toast(`Kept ${describeNames(names)}`) },
    onGone: () => void attempt(() => write('POST', 'schedules:delete', { names })).then(done),
  })
}

function tellRefused(results: BulkAnswer['results']): void {
  const refused = results.filter(({ outcome }) => outcome === 'refused' || outcome === 'missing')
  if (refused.length > 0) toast(`Could not change ${describeNames(refused.map(({ name }) => name))}`, { tone: 'bad' })
}

function describeNames(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : plural(names.length, 'schedule')
}
