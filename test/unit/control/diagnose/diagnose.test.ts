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
    ['as it should be', {}, []],
    ['that is old', { version: '5.0.14' }, ['server problem']],
    ['that is a replica', { isReplica: true }, ['server problem']],
    ['that is far away', { latencyMs: { medianMs: 40, worstMs: 90 } }, ['latency warning']],
    ['that is near but had a hiccup', { latencyMs: { medianMs: 1, worstMs: 90 } }, []],
    ['that evicts', { evictionPolicy: 'allkeys-lru', maxMemory: 1e9 }, ['eviction problem']],
    ['that would evict if it had a limit', { evictionPolicy: 'volatile-ttl' }, ['eviction warning']],
    ['that is full', { maxMemory: 1_000, usedMemory: 950 }, ['memory problem']],
    ['that keeps nothing', { appendOnly: false, snapshots: false }, ['persistence warning']],
    ['that keeps snapshots', { appendOnly: false }, ['persistence warning']],
    ['that cannot write', { lastSaveFailed: true }, ['persistence problem']],
    ['that closes idle connections too soon', { idleTimeoutS: 3 }, ['timeout warning']],
    ['that closes idle connections late', { idleTimeoutS: 300 }, []],
    ['that refuses tracking', { tracking: REFUSED }, ['edits warning']],
    ['whose dataset went back', { rewind: { at: 2_000, to: 1_000 } }, ['rewind warning']],
    ['that refuses tracking and notifies', { tracking: REFUSED, notifications: 'KA' }, []],
    ['that notifies of something else', { tracking: REFUSED, notifications: 'Ex' }, ['edits warning']],
    [
      'that says nothing of itself',
      { version: null, evictionPolicy: null, maxMemory: null, usedMemory: null, appendOnly: null, snapshots: null },
      ['server warning'],
    ],
  ])('the server: %s', (_what, facts, found) => {
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
    ['as it should be', [{}, { id: 'w2' }], true, 2, []],
    ['that is not there', [], true, 0, ['workers problem']],
    ['that is not there and has nothing to do', [], false, 0, ['workers warning']],
    ['with a clock that is off', [{ skewMs: -3_600_000 }], true, 0, ['clocks warning']],
    ['seen from a machine whose clock is off', [{}], true, 5_000, ['clocks warning']],
    ['in a deploy', [{}, { version: '0.2.0' }], true, 0, ['versions warning']],
    ['with two sorts of time-zone data', [{}, { tz: '2025b' }], true, 0, ['time-zone-data warning']],
  ])('the fleet: %s', (_what, workers, hasSchedules, skewMs, found) => {
    const views = workers.map((worker) => ({ ...WORKER, ...worker }))
    expect(worst(diagnoseFleet(views, hasSchedules, skewMs))).toEqual(found)
  })

  it('the fleet names who is off, in which direction, and counts versions', () => {
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
      'that wait for room',
      look([view('a')], { parked: [{ pool: 'default', task: 'job', count: 2 }] }),
      ['overdue problem'],
    ],
    [
      'that are parked in a task queue that no worker serves, told once',
      look([view('a', { task: 'other' })], { parked: [{ pool: 'default', task: 'other', count: 1 }] }),
      ['unserved problem'],
    ],
  ])('the schedules: %s', (_what, findings, found) => {
    expect(worst(findings)).toEqual(found)
  })

  it('the schedules are named, the first five', () => {
    const findings = look(Array.from({ length: 8 }, (_, index) => view(`s${index}`, { state: 'invalid' })))
    expect(findings[1]?.message).toBe('8 schedules cannot be used: s0, s1, s2, s3, s4 and 3 more')
  })

  it('every finding that is not ok says why and what to do', () => {
    const all = [
      ...diagnoseServer({ ...GOOD, isReplica: true, evictionPolicy: 'x', appendOnly: false, tracking: REFUSED }),
      ...diagnoseFleet([], true, 9_000),
      ...look([view('a', { state: 'invalid' }), view('b', { pool: 'x' })], { count: 1, names: ['a'] }),
    ].filter(({ level }) => level !== 'ok')
    expect(all.length).toBeGreaterThan(7)
    expect(all.filter(({ why, advice }) => !why || !advice)).toEqual([])
  })
})
