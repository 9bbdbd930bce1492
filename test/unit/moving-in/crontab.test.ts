import { describe, expect, it } from 'vitest'
import { convertCrontab } from '../../../src/moving-in/crontab.js'
import { finishEntries } from '../../../src/moving-in/finish-entries.js'

function entriesOf(text: string, options: Parameters<typeof convertCrontab>[1] = {}) {
  return finishEntries(convertCrontab(text, options), { now: 0, renames: true })
}

function only(text: string, options: Parameters<typeof convertCrontab>[1] = {}) {
  const [entry] = entriesOf(text, options)
  return entry!
}

describe('a crontab', () => {
  it('a crontab becomes schedules of the task shell that neither catch up nor wait for each other', () => {
    expect(only('30 2 * * * /usr/local/bin/backup.sh --full', { tz: 'Europe/Berlin' })).toMatchObject({
      name: 'backup',
      source: 'crontab:1',
      definition: {
        task: 'shell',
        cron: '30 2 * * *',
        tz: 'Europe/Berlin',
        payload: { command: '/usr/local/bin/backup.sh --full' },
        misfire: 'skip',
        overlap: 'allow',
      },
    })
  })

  it.each([
    ['1-5 * *', '0 9 1-5 * *', undefined],
    ['*/2 with a weekday', '0 9 */2 * 1', 'and'],
    ['two restricted day fields', '0 9 1,15 * 1', undefined],
    ['a weekday that begins with a star', '0 9 1 * */2', 'and'],
  ])('a crontab combines the day fields of %s as cron does', (_, cron, dayMatch) => {
    expect(only(`${cron} run`).definition).toMatchObject({ cron })
    expect(only(`${cron} run`).definition?.dayMatch).toBe(dayMatch)
  })

  it('a minute of a crontab with a step after a number becomes a list, because cron treats it as a fixed time', () => {
    expect(only('0-59/20 1 * * * run').definition?.cron).toBe('0,20,40 1 * * *')
  })

  it('a crontab keeps the part behind the first unescaped percent sign as standard input', () => {
    expect(only('0 0 * * * mail bob%Dear Bob,%100\\% off').definition?.payload).toEqual({
      command: 'mail bob',
      stdin: 'Dear Bob,\n100% off\n',
    })
  })

  it('a crontab uses the zone of CRON_TZ from that line on, and passes TZ to the command alone', () => {
    const [first, second] = entriesOf('TZ=Asia/Tokyo\n0 0 * * * a\nCRON_TZ=Europe/Berlin\n0 0 * * * b')
    expect(first?.definition).toMatchObject({ payload: { env: { TZ: 'Asia/Tokyo' } } })
    expect(first?.definition?.tz).toBeUndefined()
    expect(second?.definition?.tz).toBe('Europe/Berlin')
  })

  it('the import of a crontab copies no variable that looks like a secret, and names that variable', () => {
    const text = [
      'API_TOKEN=abc',
      'DATABASE_URL=postgres://shop:hunter2@db/shop',
      'OPAQUE=a8f5f167f44f4964e6c998dee827110c',
      'STAGE=production',
      '0 0 * * * run',
    ].join('\n')
    const entry = only(text)
    expect(entry.definition?.payload).toEqual({ command: 'run', env: { STAGE: 'production' } })
    expect(JSON.stringify(entry)).not.toMatch(/abc|hunter2|a8f5f1/)
    expect(entry.notes.join()).toContain('API_TOKEN, DATABASE_URL, OPAQUE')
  })

  it('the comment directly above an entry of a crontab becomes the note of the schedule', () => {
    const [first, second] = entriesOf('# nightly\n# backup\n0 0 * * * a\n\n# about something else\n\n0 0 * * * b')
    expect(first?.definition?.note).toBe('nightly\nbackup')
    expect(second?.definition?.note).toBeUndefined()
  })

  it('a crontab with the option system has a column for the user', () => {
    expect(only('0 0 * * * root /sbin/trim', { system: true }).definition?.payload).toEqual({
      command: '/sbin/trim',
      user: 'root',
    })
  })

  it('entries of a crontab with the same command get names with numbers', () => {
    expect(entriesOf('0 0 * * * a.sh\n0 1 * * * a.sh').map(({ name }) => name)).toEqual(['a', 'a-2'])
  })

  it('a random value of a crontab becomes a stable hash, and the note of the schedule says so', () => {
    const entry = only('5~10 3 * * * run')
    expect(entry.definition).toMatchObject({ cron: 'H(5-10) 3 * * *' })
    expect(entry.definition?.note).toContain('approximated: minute 5~10')
  })

  it.each([
    ['@reboot run', /a fleet has no boot/],
    ['61 * * * * run', /minute "61" is outside 0-59/],
    ['5/10 * * * * run', /nearest: 5-59\/10/],
    ['0 0 * * fri-sun run', /ends before it begins/],
    ['0 0 30 2 * run', /no such date exists/],
    ['@fortnightly run', /is not a macro that cron knows/],
    ['0 0 * *', /no five fields/],
  ])('a crontab refuses %s with the reason', (line, reason) => {
    expect(only(line).reason).toMatch(reason)
    expect(only(line).definition).toBeUndefined()
  })
})
