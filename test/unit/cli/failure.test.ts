import { describe, expect, it } from 'vitest'
import { CliFailure, reportFailure } from '../../../src/cli/failure.js'
import { EverybeatError } from '../../../src/index.js'

describe('reportFailure', () => {
  it.each([
    [new CliFailure('ERR_CLI_USAGE', 'no'), 2],
    [new CliFailure('ERR_CLI_NOT_FOUND', 'no'), 1],
    [new EverybeatError('ERR_EVERYBEAT_CRON', 'no', { field: 'cron', value: 'x' }), 2],
    [new EverybeatError('ERR_EVERYBEAT_PAYLOAD', 'no'), 2],
    [new EverybeatError('ERR_EVERYBEAT_CONNECTION', 'no'), 1],
    [new Error('boom'), 1],
    ['text', 1],
  ])('the failure %s ends the command with exit code %d', (error, exitCode) => {
    expect(reportFailure(error).exitCode).toBe(exitCode)
  })

  it('the report of a failure keeps code, field and value', () => {
    const error = new EverybeatError('ERR_EVERYBEAT_CRON', 'cron: no', { field: 'cron', value: 'x' })
    expect(reportFailure(error)).toEqual({
      code: 'ERR_EVERYBEAT_CRON',
      message: 'cron: no',
      field: 'cron',
      value: 'x',
      exitCode: 2,
    })
    const report = reportFailure(new Error('boom'))
    expect(report).toMatchObject({ code: 'ERR_CLI_INTERNAL', message: 'boom', exitCode: 1 })
    expect(report.stack).toMatch(/^Error: boom\n\s+at .*failure\.test\.ts/)
  })
})
