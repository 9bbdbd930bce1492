import { describe, expect, it } from 'vitest'
import { finishEntries } from '../../../src/moving-in/finish-entries.js'
import { convertKubernetes } from '../../../src/moving-in/kubernetes.js'

function entriesOf(text: string) {
  return finishEntries(convertKubernetes(text, { file: 'jobs.yaml' }), { now: 0, renames: true })
}

function cronJob(spec: object, metadata: object = {}) {
  const [entry] = entriesOf(
    JSON.stringify({ kind: 'CronJob', metadata: { name: 'job', ...metadata }, spec: { jobTemplate: {}, ...spec } }),
  )
  return entry!
}

describe('a CronJob', () => {
  it('a CronJob keeps its schedule, its zone and its behaviour at clock changes', () => {
    expect(cronJob({ schedule: '30 2 * * *', timeZone: 'America/New_York' }).definition).toMatchObject({
      cron: '30 2 * * *',
      tz: 'America/New_York',
      dstGap: 'skip',
      dstOverlap: 'both',
      overlap: 'allow',
      misfire: 'latest',
      retries: 6,
    })
  })

  it.each([
    ['Allow', 'allow'],
    ['Forbid', 'skip'],
    ['Replace', 'replace'],
  ])('a CronJob with concurrencyPolicy %s has overlap: %s', (concurrencyPolicy, overlap) => {
    expect(cronJob({ schedule: '@daily', concurrencyPolicy }).definition?.overlap).toBe(overlap)
  })

  it('the starting deadline of a CronJob bounds its catch-up', () => {
    expect(cronJob({ schedule: '@daily', startingDeadlineSeconds: 200 }).definition).toMatchObject({
      misfireGrace: '3m20s',
      catchUpWindow: '3m20s',
    })
  })

  it('a suspended CronJob is imported as disabled', () => {
    expect(cronJob({ schedule: '@daily', suspend: true }).definition?.enabled).toBe(false)
  })

  it('a CronJob counts @every from its last schedule time or its creation', () => {
    const created = { creationTimestamp: '2026-01-01T00:00:07Z' }
    expect(cronJob({ schedule: '@every 1h30m' }, created).definition).toMatchObject({
      every: '1h30m',
      anchor: '2026-01-01T00:00:07Z',
    })
    expect(cronJob({ schedule: '@every 90m' }).notes.join()).toContain('approximated: ')
  })

  it('a CronJob takes the zone that old manifests write inside the schedule', () => {
    expect(cronJob({ schedule: 'CRON_TZ=Asia/Tokyo 0 9 * * *' }).definition?.tz).toBe('Asia/Tokyo')
  })

  it('the import of a CronJob copies plain variables, and neither secrets nor references', () => {
    const env = [
      { name: 'STAGE', value: 'production' },
      { name: 'PASSWORD', value: 'hunter2' },
      { name: 'KEY_FROM', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } },
    ]
    const container = { name: 'main', image: 'report:1', command: ['report'], env }
    const entry = cronJob({
      schedule: '@daily',
      jobTemplate: { spec: { template: { spec: { containers: [container] } } } },
    })
    expect(entry.definition?.payload).toEqual({ image: 'report:1', command: ['report'], env: { STAGE: 'production' } })
    expect(JSON.stringify(entry)).not.toContain('hunter2')
  })

  it('the import of a CronJob gives the command that suspends the CronJob', () => {
    expect(cronJob({ schedule: '@daily' }, { namespace: 'shop' }).switchOff).toContain(
      'kubectl patch cronjob job -n shop',
    )
  })

  it.each([
    ['weekday 7', { schedule: '0 0 * * 7' }, /outside 0-6/],
    ['two zones', { schedule: 'TZ=UTC 0 0 * * *', timeZone: 'UTC' }, /Kubernetes refuses/],
    ['zone Local', { schedule: '@daily', timeZone: 'Local' }, /refused by Kubernetes/],
    ['six fields', { schedule: '0 0 0 * * *' }, /reads five/],
    ['no schedule', {}, /spec.schedule is missing/],
    ['an unknown policy', { schedule: '@daily', concurrencyPolicy: 'Sometimes' }, /Allow, Forbid and Replace/],
  ])('a CronJob with %s is refused', (_, spec, reason) => {
    expect(cronJob(spec).reason).toMatch(reason)
  })
})

describe('a manifest', () => {
  it('a manifest may hold several documents, lists, and objects of other kinds', () => {
    const text = `
kind: CronJob
metadata: { name: a }
spec: { schedule: '0 0 * * *' }
---
kind: Service
---
kind: List
items:
  - { kind: CronJob, metadata: { name: b }, spec: { schedule: '@daily' } }
`
    expect(entriesOf(text).map(({ name, source }) => [name, source])).toEqual([
      ['a', 'jobs.yaml:2'],
      ['b', 'jobs.yaml:10'],
    ])
  })

  it('a manifest that is not YAML is refused with file, line and column', () => {
    expect(() => entriesOf('kind: CronJob: x')).toThrow(/jobs\.yaml:1:7: Nested mappings/)
  })
})
