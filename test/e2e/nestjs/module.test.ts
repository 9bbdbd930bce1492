import 'reflect-metadata'
import { Injectable, Module, Scope, type Type } from '@nestjs/common'
import * as nest from '@nestjs/schedule'
import { Test } from '@nestjs/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type Run } from '../../../src/index.js'
import * as own from '../../../src/nestjs/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const { EverybeatModule, EVERYBEAT, Schedule, Task } = own
const redis = useRedis()

/** Decorates a method as `@Decorator()` above it would. */
function decorate(target: Type, method: string, ...decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, method) as PropertyDescriptor
  for (const decorator of decorators.reverse()) decorator(target.prototype as object, method, descriptor)
}

async function startApp(
  providers: Type[],
  options: own.EverybeatModuleOptions = {},
  imports: unknown[] = [],
): Promise<{ beat: Everybeat; close: () => Promise<void> }> {
  const connection = { redis: redis.url, prefix: uniquePrefix('nest'), logger: false as const }
  const builder = Test.createTestingModule({
    imports: [EverybeatModule.forRoot({ ...connection, ...options }), ...(imports as [])],
    providers,
  })
  const app = (await builder.compile()).createNestApplication({ logger: false })
  onTestFinished(() => app.close())
  await app.init()
  return { beat: app.get<Everybeat>(EVERYBEAT), close: () => app.close() }
}

describe('EverybeatModule', () => {
  it('EverybeatModule runs a decorated method on its instance, with its injected providers, and keeps the returned value', async () => {
    class Greeter {
      readonly greeting = 'hello'
    }
    class Service {
      readonly greeter: Greeter
      constructor(greeter: Greeter) {
        this.greeter = greeter
      }
      greet(run: Run<{ name: string }>) {
        return `${this.greeter.greeting} ${run.payload.name} in ${run.task}`
      }
    }
    Injectable()(Greeter)
    Injectable()(Service)
    Reflect.defineMetadata('design:paramtypes', [Greeter], Service)
    decorate(Service, 'greet', Schedule('greet-world', { every: '100ms', limit: 1, payload: { name: 'world' } }))
    const { beat } = await startApp([Greeter, Service])
    const entry = await waitFor(async () => (await beat.schedules.history('greet-world'))[0], { what: 'the run' })
    expect(entry).toMatchObject({ outcome: 'ok', result: 'hello world in Service.greet' })
  })

  it('EverybeatModule makes a fresh instance of a request-scoped provider for each run', async () => {
    let made = 0
    class Service {
      readonly number = (made += 1)
      count() {
        return this.number
      }
    }
    Injectable({ scope: Scope.REQUEST })(Service)
    decorate(Service, 'count', Task('count'), Schedule('count', { every: '100ms', limit: 2 }))
    const { beat } = await startApp([Service])
    const runs = await waitFor(
      async () => {
        const history = await beat.schedules.history('count')
        return history.length === 2 && history
      },
      { what: 'two runs' },
    )
    expect(runs.map(({ result }) => result)).toEqual([2, 1])
  })

  it('EverybeatModule drains when the application closes', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const ends: string[] = []
    class Service {
      async work() {
        ends.push('started')
        await released
        ends.push('ended')
      }
    }
    Injectable()(Service)
    decorate(Service, 'work', Schedule('work', { every: '100ms' }))
    const { beat, close } = await startApp([Service])
    await waitFor(() => ends.length > 0, { what: 'the run' })
    const closed = close().then(() => ends.push('closed'))
    await waitFor(() => beat.health().state === 'stopped', { what: 'the stop' })
    release()
    await closed
    expect(ends).toEqual(['started', 'ended', 'closed'])
  })

  it('EverybeatModule takes its options from a factory, and gives the instance by class and by token', async () => {
    const prefix = uniquePrefix('nest')
    const CONFIG = { provide: 'CONFIG', useValue: { redis: redis.url } }
    class ConfigModule {}
    Module({ providers: [CONFIG], exports: ['CONFIG'] })(ConfigModule)
    const app = await Test.createTestingModule({
      imports: [
        EverybeatModule.forRoot({
          imports: [ConfigModule],
          inject: ['CONFIG'],
          useFactory: async (config: { redis: string }) => ({ ...config, prefix, logger: false as const }),
        }),
      ],
    }).compile()
    onTestFinished(() => app.close())
    await app.init()
    expect(app.get(Everybeat)).toBe(app.get(EVERYBEAT))
    expect((await app.get(Everybeat).fleet()).length).toBe(1)
  })
})

describe("schedules: 'nest'", () => {
  class Jobs {
    calls: unknown[][] = []
    nightly(...parameters: unknown[]) {
      this.calls.push(parameters)
      return { not: 'kept' }
    }
    often() {}
    once() {
      this.calls.push(['once'])
    }
  }
  Injectable()(Jobs)
  decorate(Jobs, 'nightly', nest.Cron(nest.CronExpression.EVERY_SECOND, { name: 'nightly', timeZone: 'Asia/Tokyo' }))
  decorate(Jobs, 'often', nest.Interval(60_000))
  decorate(Jobs, 'once', nest.Timeout(1))

  it("schedules: 'nest' makes the methods of @nestjs/schedule fleet-wide without a change of the service", async () => {
    const { beat } = await startApp([Jobs], { schedules: 'nest' })
    const run = await waitFor(async () => (await beat.schedules.history('nightly'))[0], { what: 'the run' })
    expect(run).toMatchObject({ outcome: 'ok' })
    expect(run.result ?? null).toBeNull()
    expect(await beat.schedules.get('nightly')).toMatchObject({
      cron: '* * * * * *',
      tz: 'Asia/Tokyo',
      overlap: 'allow',
    })
    expect(await beat.schedules.get('Jobs.often')).toMatchObject({ every: 60_000, overlap: 'allow' })
    expect(await beat.schedules.count()).toBe(2)
  })

  it("EverybeatModule ignores the methods of @nestjs/schedule without schedules: 'nest'", async () => {
    const { beat } = await startApp([Jobs], { schedules: 'own' })
    expect(await beat.schedules.count()).toBe(0)
  })

  it.each([undefined, 'nest'] as const)(
    "schedules: 'nest' is refused beside the module of @nestjs/schedule (schedules: %s)",
    async (schedules) => {
      const start = startApp([Jobs], { schedules }, [nest.ScheduleModule.forRoot()])
      await expect(start).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS', field: 'schedules' })
    },
  )

  it("schedules: 'own' leaves the methods to the module of @nestjs/schedule", async () => {
    const { beat } = await startApp([], { schedules: 'own' }, [nest.ScheduleModule.forRoot()])
    expect(beat.health().state).toBe('running')
  })

  it('everybeat/nestjs has decorators of its own with the same effect', async () => {
    class Own {
      nightly() {}
      often() {}
    }
    Injectable()(Own)
    decorate(Own, 'nightly', own.Cron('0 3 * * *', { waitForCompletion: true, threshold: 500, utcOffset: 120 }))
    decorate(Own, 'often', own.Interval('often', 60_000))
    const { beat } = await startApp([Own])
    const nightly = { cron: '0 3 * * *', tz: 'Etc/GMT-2', overlap: 'skip', misfire: 'skip', misfireGrace: 500 }
    expect(await beat.schedules.get('Own.nightly')).toMatchObject(nightly)
    expect(await beat.schedules.get('often')).toMatchObject({ every: 60_000 })
  })

  it('everybeat/nestjs has the same CronExpression as @nestjs/schedule', () => {
    const expected = Object.entries(nest.CronExpression).sort()
    expect(Object.entries(own.CronExpression).sort()).toEqual(expected)
  })
})

describe('a mistake', () => {
  it('two methods of one name fail the start', async () => {
    class Twice {
      one() {}
      two() {}
    }
    Injectable()(Twice)
    decorate(Twice, 'one', Task('same'))
    decorate(Twice, 'two', Schedule('same', { every: '1m' }))
    await expect(startApp([Twice])).rejects.toThrow(/"same" is taken twice: by Twice.one and by Twice.two/)
  })

  it('a mistake in a definition fails the start, and the error names the schedule and the field', async () => {
    class Wrong {
      work() {}
    }
    Injectable()(Wrong)
    decorate(Wrong, 'work', Schedule('wrong', { cron: '61 * * * *' }))
    await expect(startApp([Wrong])).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_CRON' })
  })

  it.each([
    [{ schedules: 'both' }, 'schedules'],
    [{ stopTimeoutMs: -1 }, 'stopTimeoutMs'],
    [{ useFactory: 'no' }, 'useFactory'],
  ])('a mistake in the options is refused at once: %j', (options, field) => {
    expect(() => EverybeatModule.forRoot(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field }),
    )
  })

  it.each([
    [own.Cron('* * * * *', { utcOffset: 90 }), /Offset.work: utcOffset: 90/],
    [own.Cron(5 as never), /Offset.work: cronTime: 5/],
  ])('a mistake in a decorator fails the start', async (decorator, message) => {
    class Offset {
      work() {}
    }
    Injectable()(Offset)
    decorate(Offset, 'work', decorator)
    await expect(startApp([Offset])).rejects.toThrow(message)
  })
})
