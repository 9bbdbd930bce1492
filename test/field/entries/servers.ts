import { waitFor } from '../../support/wait-for.js'
import type { FieldEntry, Outcome } from '../entry.js'
import type { Place } from '../place.js'

const MAX_CLIENTS = 6
const CONNECT_TIMEOUT_MS = 2_000

async function flushOfAnotherDatabase(place: Place): Promise<Outcome> {
  const server = await place.server()
  const [here, there] = [0, 1].map((db) => ({ redis: `${server.url}/${db}`, prefix: 'shop' }))
  const declare = { declared: { every: '1h' } }
  await place.worker({ options: here!, declare })
  await place.worker({ options: there!, declare })
  const [own, other] = [place.instance(here!), place.instance(there!)]
  await own.schedules.remove('declared')
  await place.client(`${server.url}/1`).flushdb()
  await waitFor(() => other.schedules.get('declared'), { what: 'the fleet whose database was flushed' })
  const client = place.client(server.url)
  const lastBeat = async (): Promise<number> =>
    Number((await client.zrange('{shop}:workers', '-1', '-1', 'WITHSCORES'))[1] ?? 0)
  const before = await lastBeat()
  await waitFor(async () => (await lastBeat()) > before, { what: 'a heartbeat' })
  const isBack = (await own.schedules.get('declared')) !== null
  return { isRight: !isBack, came: isBack ? 'what was removed is back' : 'what was removed stays removed' }
}

async function fullServer(place: Place): Promise<Outcome> {
  const server = await place.server(['--maxclients', String(MAX_CLIENTS)])
  const others = Array.from({ length: MAX_CLIENTS - 1 }, () => place.client(server.url))
  await Promise.all(others.map((client) => client.ping()))
  const beat = place.instance({ redis: server.url, prefix: 'field', connectTimeoutMs: CONNECT_TIMEOUT_MS })
  const startedAt = performance.now()
  const start = await beat.start().then(
    () => 'start() resolved',
    (error: Error & { code?: string }) => `start() rejects with ${error.code}: ${error.message}`,
  )
  await beat.stop()
  const tookS = Math.round((performance.now() - startedAt) / 1_000)
  // Whether the words of the server arrive before its hang-up is a race that the server decides.
  const isRight = start.includes('ERR_EVERYBEAT_CONNECTION') && start.includes('maxclients')
  return { isRight, came: `${start}; stop() resolves; ${tookS} s in all` }
}

async function noStreams(place: Place): Promise<Outcome> {
  const server = await place.server(['--rename-command', 'XADD', '', '--rename-command', 'XTRIM', ''])
  const beat = place.instance({ redis: server.url, prefix: 'field' })
  beat.task('work', () => null)
  const start = await beat.start().then(
    () => 'start() resolved',
    (error: Error & { code?: string }) => `start() rejects with ${error.code}: ${error.message}`,
  )
  const isRight = start.includes('ERR_EVERYBEAT_SERVER') && start.includes('stream')
  return { isRight, came: start }
}

/** What servers do: several databases, too few connections, commands that are not there. */
export const SERVER_ENTRIES: readonly FieldEntry[] = [
  {
    key: 'databases',
    put: 'two fleets of one prefix in databases 0 and 1; a person removes a declared schedule in 0; 1 is flushed',
    right: 'what was removed stays removed',
    attempt: flushOfAnotherDatabase,
  },
  {
    key: 'maxclients',
    put: `maxclients leaves one connection (connectTimeoutMs ${CONNECT_TIMEOUT_MS})`,
    right: 'start() rejects and names maxclients, stop() resolves',
    attempt: fullServer,
  },
  {
    key: 'no-streams',
    put: 'a server without streams',
    right: 'start() rejects with ERR_EVERYBEAT_SERVER and says what is missing',
    attempt: noStreams,
  },
]
