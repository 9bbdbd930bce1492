import { beforeEach, describe, expect, it } from 'vitest'
import { useBrowser } from '../../support/browser.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'
import { startCli } from '../cli-runner.js'

const redis = useRedis()
const fleet = useFleet(redis)
const browser = useBrowser()

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

const subscribers = async (): Promise<unknown> =>
  ((await redis.client.pubsub('NUMSUB', `{${fleet.prefix()}}:wake`)) as unknown[])[1]

describe('everybeat dashboard', () => {
  it('the dashboard of the command line receives the announcements of the fleet while a page is open, and shows edits by others', async () => {
    const other = fleet.create()
    await other.schedules.putMany(['one', 'two'].map((name) => ({ name, task: 't', every: '1h' })))
    const cli = startCli(['--redis', redis.url, '--prefix', fleet.prefix(), '--json', 'dashboard', '--port', '0'])
    const { url } = JSON.parse(await cli.line(/listening/)) as { url: string }
    expect(await subscribers()).toBe(0)
    const { page, troubles } = await browser.open(`${url}schedules`)
    await page.locator('tr[data-name=one]').waitFor()
    // No worker lives: the only subscriber is the dashboard.
    await expect.poll(subscribers, { timeout: 20_000 }).toBe(1)
    await other.schedules.pause('one', { note: 'the bank is down' })
    await page.locator('tr[data-name=one]').getByText('paused').first().waitFor()
    await other.schedules.put('three', { task: 't', every: '1h' })
    await page
      .getByText(/changes? since you began to read/)
      .first()
      .waitFor()
    expect(await page.locator('tr[data-name=three]').count()).toBe(0)
    await page
      .getByText(/changes? since you began to read/)
      .first()
      .click()
    await page.locator('tr[data-name=three]').waitFor()
    expect(troubles).toEqual([])
    cli.kill('SIGTERM')
    expect((await cli.ended).exitCode).toBe(0)
    expect(await subscribers()).toBe(0)
  })
})
