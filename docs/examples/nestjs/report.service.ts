import { setTimeout as sleep } from 'node:timers/promises'
import { Inject, Injectable } from '@nestjs/common'
import type { Everybeat, Run } from 'everybeat'
import { Cron, CronExpression, InjectEverybeat, Schedule, Task } from 'everybeat/nestjs'
import { Mailer } from './mailer.service.js'

@Injectable()
export class ReportService {
  constructor(
    @Inject(Mailer) private readonly mailer: Mailer,
    @InjectEverybeat() private readonly beat: Everybeat,
  ) {}

  // One process of the fleet runs each occurrence; every process has the same code.
  @Task('report', { timeout: '1m', retries: 2 })
  @Schedule('report-every-second', { every: '1s', payload: { to: 'ops' } })
  @Schedule('report-on-workdays', { cron: '0 9 * * 1-5', tz: 'Europe/Berlin', payload: { to: 'board' } })
  async report(run: Run<{ to: string }>) {
    await sleep(200, undefined, { signal: run.signal })
    await this.mailer.send(run.payload.to, `report of ${run.scheduledAt.toISOString()}`)
    return { to: run.payload.to }
  }

  // As with @nestjs/schedule, whose decorators have the same names.
  @Cron(CronExpression.EVERY_SECOND, { name: 'count-workers' })
  async countWorkers() {
    console.log(`workers: ${(await this.beat.fleet()).length}`)
  }
}
