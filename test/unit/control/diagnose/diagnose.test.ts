import { describe, expect, it } from 'vitest'
import { diagnoseFleet } from '../../../../src/control/diagnose/diagnose-fleet.js'
import { createScheduleCounts, diagnoseSchedules } from '../../../../src/control/diagnose/diagnose-schedules.js'
import { diagnoseLayout, diagnoseServer } from '../../../../src/control/diagnose/diagnose-server.js'
import type { Finding } from '../../../../src/control/diagnose/finding.js'
import type { WorkerView } from '../../../../src/control/fleet.js'
import type { Backlog, ServerFacts } from '../../../../src/control/store.js'
import type { ScheduleView } from '../../../../src/control/schedule-view.js'

const GOOD: ServerFacts = {
  version: '7.0.15',
  isReplica: false,
  isCluster: false,
  latencyMs: { medianMs: 0.2, worstMs: 1 },
  evictionPolicy: 'noeviction',
  maxMemory: 0,
  usedMemory: 1_000,
  appendOnly: true,
  snapshots: true,
  lastSaveFailed: false,
  tracking: { allowed: true },
  refused: [],
  rewind: null,
  notifications: '',
  idleTimeoutS: 0,
}
const REFUSED = { allowed: false, why: 'NOPERM' } as const
const WORKER: WorkerView = {
  id: 'w1',
  host: 'a',
  pid: 1,
  version: '0.1.0',
  node: 'v20',
  tz: '2025c',
  pool: 'default',
  tasks: ['job'],
  concurrency: 50,
  running: 0,
  skewMs: 3,
  startedAt: new Date(0),
  silentMs: 0,
  lastSeenAt: new Date(0),
}
const NOTHING: Backlog = { count: 0, names: [], parked: [], unreachable: [] }

const worst = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${check} ${level}`)

describe('the server', () => {
  it.each<[string, Partial<ServerFacts>, string[]]>([
    ['that has no problem', {}, []],
    ['that is old', { version: '5.0.14' }, ['server problem']],
    ['that is a replica', { isReplica: true }, ['server problem']],
    ['with a slow connection', { latencyMs: { medianMs: 40, worstMs: 90 } }, ['latency warning']],
    ['with one slow reply', { latencyMs: { medianMs: 1, worstMs: 90 } }, []],
    ['that evicts keys', { evictionPolicy: 'allkeys-lru', maxMemory: 1e9 }, ['eviction problem']],
    ['that would evict keys if it had a memory limit', { evictionPolicy: 'volatile-ttl' }, ['eviction warning']],
    ['whose memory is nearly full', { maxMemory: 1_000, usedMemory: 950 }, ['memory problem']],
    ['without persistence', { appendOnly: false, snapshots: false }, ['persistence warning']],
    ['with snapshots alone', { appendOnly: false }, ['persistence warning']],
    ['that cannot write its snapshot', { lastSaveFailed: true }, ['persistence problem']],
    ['that closes idle connections too soon', { idleTimeoutS: 3 }, ['timeout warning']],
    ['that closes idle connections late', { idleTimeoutS: 300 }, []],
    ['that refuses tracking', { tracking: REFUSED }, ['edits warning']],
    ['whose dataset was set back', { rewind: { at: 2_000, to: 1_000 } }, ['rewind warning']],
    ['that refuses tracking and sends notifications of hashes', { tracking: REFUSED, notifications: 'KA' }, []],
    [
      'that refuses tracking and sends other notifications only',
      { tracking: REFUSED, notifications: 'Ex' },
      ['edits warning'],
    ],
    [
      'that refuses INFO and CONFIG',
      { version: null, evictionPolicy: null, maxMemory: null, usedMemory: null, appendOnly: null, snapshots: null },
      ['server warning'],
    ],
  ])('diagnose judges a server: %s', (_what, facts, found) => {
    expect(worst(diagnoseServer({ ...GOOD, ...facts }))).toEqual(found)
  })
})

describe('the layout', () => {
  it.each([
    [null, 'ok', 'no worker has used'],
    [{ layout: '1', shards: '1' }, 'ok', 'layout 1, 1 shard'],
    [{ layout: '2', shards: '1' }, 'problem', 'layout 2, this version knows layout 1'],
    [{ layout: '1', shards: '4' }, 'problem', 'has 4 shards, but `shards` is 1'],
    [{ layout: '1', shards: 'resharding 1 4' }, 'problem', 'from 1 to 4 shards'],
  ])('the layout %j is %s', (found, level, words) => {
    const finding = diagnoseLayout({ known: '1', wantedShards: 1, found })
    expect(finding).toMatchObject({ level, message: expect.stringContaining(words) })
  })
})

describe('the fleet', () => {
  it.each<[string, Partial<WorkerView>[], boolean, number, string[]]>([
    ['without a problem', [{}, { id: 'w2' }], true, 2, []],
    ['without workers', [], true, 0, ['workers problem']],
    ['without workers and without schedules', [], false, 0, ['workers warning']],
    ['with a clock that is off', [{ skewMs: -3_600_000 }], true, 0, ['clocks warning']],
    ['seen from a machine whose clock is off', [{}], true, 5_000, ['clocks warning']],
    ['with two versions of Everybeat', [{}, { version: '0.2.0' }], true, 0, ['versions warning']],
    ['with two versions of time-zone data', [{}, { tz: '2025b' }], true, 0, ['time-zone-data warning']],
  ])('diagnose judges a fleet: %s', (_what, workers, hasSchedules, skewMs, found) => {
    const views = workers.map((worker) => ({ ...WORKER, ...worker }))
    expect(worst(diagnoseFleet(views, hasSchedules, skewMs))).toEqual(found)
  })

  it('diagnose names each worker whose clock is off, says in which direction, and counts versions', () => {
    const workers = [WORKER, { ...WORKER, host: 'b', skewMs: -90_000, tz: '2025b' }, { ...WORKER, tz: '' }]
    const messages = diagnoseFleet(workers, true, 0).map(({ message }) => message)
    expect(messages).toContainEqual(expect.stringContaining('b (pid 1) by -1m30s'))
    expect(messages).toContainEqual(expect.stringContaining('2025c on 1, 2025b on 1, unknown on 1'))
  })
})

describe('the schedules', () => {
  const view = (name: string, more: Partial<ScheduleView> = {}): ScheduleView => ({
    name,
    revision: 1,
    state: 'active',
    next: null,
    last: null,
    task: 'job',
    pool: 'default',
    ...more,
  })
  const look = (views: ScheduleView[], backlog: Partial<Backlog> = {}, workers = [WORKER], hasState = true) => {
    const counts = createScheduleCounts()
    for (const each of views) counts.take(each, hasState)
    return diagnoseSchedules(counts.result(false), { ...NOTHING, ...backlog }, workers)
  }

  it.each<[string, Finding[], string[]]>([
    ['that run', look([view('a')]), []],
    ['that cannot be used', look([view('a', { state: 'invalid' })]), ['invalid problem']],
    ['whose state is lost', look([view('a')], {}, [WORKER], false), ['state warning']],
    ['whose task no worker has', look([view('a', { task: 'other' })]), ['unserved problem']],
    ['whose pool no worker is in', look([view('a', { pool: 'gpu' })]), ['unserved problem']],
    ['that are paused and whose task no worker has', look([view('a', { task: 'other', state: 'paused' })]), []],
    [
      'whose task no worker has in a fleet without workers',
      look([view('a', { task: 'other' })], { count: 1, names: ['a'] }, []),
      [],
    ],
    ['that are late', look([view('a')], { count: 1, names: ['a'] }), ['overdue problem']],
    [
      'that wait for a free slot',
      look([view('a')], { parked: [{ pool: 'default', task: 'job', count: 2 }] }),
      ['overdue problem'],
    ],
    [
      'that are parked in a task queue that no worker serves, reported once',
      look([view('a', { task: 'other' })], { parked: [{ pool: 'default', task: 'other', count: 1 }] }),
      ['unserved problem'],
    ],
  ])('diagnose judges the schedules: %s', (_what, findings, found) => {
    expect(worst(findings)).toEqual(found)
  })

  it('a finding of diagnose names the first five schedules', () => {
    const findings = look(Array.from({ length: 8 }, (_, index) => view(`s${index}`, { state: 'invalid' })))
    expect(findings[1]?.message).toBe('8 schedules cannot be used: s0, s1, s2, s3, s4 and 3 more')
  })

  it('every finding of diagnose that is not ok says why and what to do', () => {
    const all = [
      ...diagnoseServer({ ...GOOD, isReplica: true, evictionPolicy: 'x', appendOnly: false, tracking: REFUSED }),
      ...diagnoseFleet([], true, 9_000),
      ...look([view('a', { state: 'invalid' }), view('b', { pool: 'x' })], { count: 1, names: ['a'] }),
    ].filter(({ level }) => level !== 'ok')
    expect(all.length).toBeGreaterThan(7)
    expect(all.filter(({ why, advice }) => !why || !advice)).toEqual([])
  })
})
