import type { Place } from '../place.js'
import { startsOf } from '../place.js'
import { waitFor } from '../../support/wait-for.js'
import type { FieldEntry, Outcome } from '../entry.js'

const DECLARED = { cron: '0 9 * * *' }

async function editAndDeploy(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  const former = await place.worker({ options, declare: { report: DECLARED } })
  const { schedules } = place.instance(options)
  await schedules.patch('report', { cron: '0 10 * * *', note: 'later, by hand' })
  await place.worker({ options, declare: { report: DECLARED } })
  await former.stop()
  await place.worker({ options, declare: { report: DECLARED } })
  const live = await schedules.get('report')
  const isKept = live?.cron === '0 10 * * *' && live.note === 'later, by hand'
  return { isRight: isKept, came: `cron ${live?.cron}, note ${live?.note ?? 'gone'}` }
}

async function pruneOfASet(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  await place.worker({ options })
  const beat = place.instance(options)
  const definitions = ['a', 'b', 'c'].map((name) => ({ name, task: 'work', every: '1h' }))
  const prune = { owner: 'shop', prune: 'remove' } as const
  await beat.sync(definitions, prune)
  await beat.sync(new Set(definitions), prune)
  const count = await beat.schedules.count()
  const refusal = await beat.sync(Promise.resolve(definitions) as never, prune).then(
    () => 'a Promise is taken',
    (error: Error) => ('code' in error ? `a Promise is refused (${String(error.code)})` : String(error)),
  )
  const left = await beat.schedules.count()
  const isRight = count === 3 && left === 3 && refusal.includes('ERR_EVERYBEAT')
  return { isRight, came: `${count} of 3 schedules are left; ${refusal}, and ${left} are left` }
}

async function threeDeploys(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  const declare = { opening: { at: new Date(Date.now() - 1_000).toISOString(), removeAfter: '1s' } }
  const { schedules } = place.instance(options)
  const first = await place.worker({ options, declare })
  await first.next('start', ({ schedule }) => schedule === 'opening')
  await waitFor(async () => (await schedules.get('opening')) === null, { what: 'removeAfter', timeoutMs: 20_000 })
  const marker = { mark: { at: new Date(Date.now() + 2_000).toISOString() } }
  const second = await place.worker({ options, declare })
  const third = await place.worker({ options, declare: { ...declare, ...marker } })
  // What the deploys made due starts before this one, which is due later.
  await waitFor(() => startsOf('mark', first, second, third).length > 0, { what: 'a later one-shot' })
  const starts = startsOf('opening', first, second, third)
  return { isRight: starts.length === 1, came: `${starts.length} start` }
}

/** What people and deploys do to definitions. */
export const EDIT_ENTRIES: readonly FieldEntry[] = [
  {
    key: 'live-edit',
    put: 'code declares 9:00, a person edits it to 10:00 with a note, two deploys follow',
    right: 'the edit and its note are left',
    attempt: editAndDeploy,
  },
  {
    key: 'prune',
    put: "sync(new Set([…]), { prune: 'remove' }) of the same three schedules, then a Promise of them",
    right: 'nothing is removed, the Promise is refused',
    attempt: pruneOfASet,
  },
  {
    key: 'one-shot',
    put: "a declared one-shot with removeAfter: '1s' is done and removed, two more deploys declare it",
    right: 'one start',
    attempt: threeDeploys,
  },
]
