import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, EverybeatError, type EverybeatOptions } from '../../../src/index.js'
import {
  declaredKeysOnly,
  declaredTagsOnly,
  startLua54Server,
  startQuirkyServer,
  without,
  type Quirk,
} from '../../support/quirky-server.js'

const STREAMS = ['xadd', 'xtrim', 'xrange', 'xrevrange', 'xlen', 'xdel', 'xinfo']
const noTracking: Quirk = ({ name, args }) =>
  name === 'client' && args[0]?.toLowerCase() === 'tracking' ? 'ERR BCAST is not supported' : null

/** A worker on that server, which is stopped after the test. */
function createBeat(redis: EverybeatOptions['redis']): Everybeat {
  const beat = new Everybeat({ redis, prefix: 'quirks', logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 0 }))
  beat.task('work', () => 'done')
  return beat
}

/** Waits until a schedule has run and is recorded. */
async function runOnce(beat: Everybeat): Promise<void> {
  await beat.start()
  const ended = new Promise((resolve) => beat.once('run:succeeded', resolve))
  await beat.schedules.put('often', { task: 'work', every: 300 })
  await ended
  await expect.poll(() => beat.schedules.history('often')).toContainEqual(expect.objectContaining({ outcome: 'ok' }))
}

describe('servers with the quirks of services', () => {
  it.for<[string, Quirk[], string[]]>([
    ['without streams, as Garnet', [without(STREAMS)], ['streams']],
    ['whose scripts may use declared keys only, as Dragonfly by default', [declaredKeysOnly], ['keys']],
    ['that refuses TIME in scripts', [without(['time'], 'scripts')], ['time']],
  ])('a server %s is refused at the start, and the error names the missing part', async ([, quirks, missing]) => {
    const error: unknown = await createBeat(await startQuirkyServer(...quirks))
      .start()
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EverybeatError)
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_SERVER', value: missing })
  })

  it.for<[string, Quirk[]]>([
    ['with locks of hash tags and no BCAST, as Dragonfly with its settings', [declaredTagsOnly, noTracking]],
    ['without CLIENT', [without(['client'])]],
    ['without keyspace events and CLIENT TRACKING', [without(['psubscribe']), noTracking]],
    ['without SCAN and PUBSUB in scripts', [without(['scan', 'pubsub'], 'scripts')]],
    ['without PUBLISH in scripts', [without(['publish'], 'scripts')]],
    ['without CONFIG and WAIT, as a service', [without(['config', 'wait'])]],
  ])('a server %s runs a fleet, which keeps its history', async ([, quirks]) => {
    await runOnce(createBeat(await startQuirkyServer(...quirks)))
  })

  it('a server with Lua 5.4, locks of hash tags and no BCAST, such as Dragonfly, runs a fleet, which keeps its history', async () => {
    await runOnce(createBeat(await startLua54Server(declaredTagsOnly, noTracking)))
  })

  it('the error about a server without scripts says that it may be a Sentinel or a proxy', async () => {
    const beat = createBeat(await startQuirkyServer(without(['eval', 'evalsha', 'script'])))
    await expect(beat.start()).rejects.toThrow(/does not run scripts\. If it is a Sentinel/)
  })

  it('a server without INFO is refused with the name of an option, and runs a fleet with that option', async () => {
    const url = await startQuirkyServer(without(['info']))
    await expect(createBeat(url).start()).rejects.toThrow(/unknown command 'info'\. .*`enableReadyCheck: false`/)
    await runOnce(createBeat({ host: '127.0.0.1', port: Number(new URL(url).port), enableReadyCheck: false }))
  })
})
