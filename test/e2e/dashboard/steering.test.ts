import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../../support/build.js'
import { serveDashboard, useBrowser } from '../../support/browser.js'
import { useFleet } from '../../support/fleet.js'
import { seedSchedules } from '../../support/many-schedules.js'
import { useRedis } from '../../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)
const browser = useBrowser()
const HOUR_MS = 3_600_000

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

/** A control client with some schedules that nothing runs. */
async function populate(names: readonly string[]) {
  const beat = fleet.create()
  await beat.schedules.putMany(names.map((name) => ({ name, task: 't', cron: '0 3 * * *' })))
  return beat
}

describe('a list that is being read', () => {
  it('a list that a person reads does not move, counts the changes, and shows them on request', async () => {
    const beat = await populate(['a', 'b'])
    beat.task('t', () => new Promise((resolve) => setTimeout(resolve, 2_500)))
    await beat.start()
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules`)
    await page.locator('.dot.live').waitFor({ state: 'attached' })
    await page.locator('tr[data-name=b]').waitFor()
    await beat.schedules.putMany(
      Array.from({ length: 12 }, (_, index) => ({ name: `new-${index}`, task: 't', every: '1h' })),
    )
    await page.getByText('12 changes since you began to read').waitFor()
    // A run that ends changes its row in place, and does not count as seen what came before it.
    await beat.schedules.trigger('b')
    await page.locator('tr[data-name=b] .strip .mark').waitFor()
    expect(await page.locator('tbody tr').count()).toBe(2)
    await page.getByText('12 changes since you began to read').click()
    await expect.poll(() => page.locator('tbody tr').count()).toBe(14)
    await expect.poll(() => page.getByText('since you began to read').count()).toBe(0)
  })
})

describe('a bulk action', () => {
  it('one click undoes a bulk pause, and also a bulk resume with the note and the end of the pause', async () => {
    const beat = await populate(['a', 'b', 'c'])
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules`)
    const select = async () => {
      for (const name of ['a', 'b']) await page.getByLabel(`Select ${name}`, { exact: true }).check()
    }
    const states = async () => (await beat.schedules.list()).map(({ state }) => state)
    await select()
    await page.getByRole('toolbar').getByRole('button', { name: 'Pause…' }).click()
    await page.getByRole('textbox', { name: 'Why' }).fill('the bank is down')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click()
    await expect.poll(states).toEqual(['paused', 'paused', 'active'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(states).toEqual(['active', 'active', 'active'])

    const until = new Date(Date.now() + HOUR_MS)
    await beat.schedules.pause('a', { note: 'moving', until })
    await beat.schedules.pause('b', { note: 'broken' })
    await page.reload()
    await select()
    await page.getByRole('toolbar').getByRole('button', { name: 'Resume' }).click()
    await expect.poll(states).toEqual(['active', 'active', 'active'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(states).toEqual(['paused', 'paused', 'active'])
    expect((await beat.schedules.get('a'))?.paused).toMatchObject({ note: 'moving', until })
    expect((await beat.schedules.get('b'))?.paused).toMatchObject({ note: 'broken' })
  })

  it('a bulk action shows the command with the same effect, and the command works in a shell', async () => {
    const beat = await populate(['a', "it's b", 'c'])
    const label = fleet.prefix()
    const { page } = await browser.open(`${await serveDashboard(beat, { label })}schedules`)
    for (const name of ['a', "it's b"]) await page.getByLabel(`Select ${name}`, { exact: true }).check()
    await page.getByRole('toolbar').getByRole('button', { name: 'As commands' }).click()
    const lines = await page.getByRole('dialog').locator('code').allTextContents()
    const everybeat = `everybeat() { '${process.execPath}' '${join(PROJECT_DIR, 'dist/cli/main.js')}' "$@"; }`
    const env = { ...process.env, EVERYBEAT_REDIS_URL: redis.url }
    await promisify(execFile)('sh', ['-c', `${everybeat}; ${lines[0]}`], { env })
    const paused = await beat.schedules.list({ state: 'paused' })
    expect(paused.map(({ name, paused }) => [name, paused?.note])).toEqual([
      ['a', 'why'],
      ["it's b", 'why'],
    ])
  })
})

describe('one schedule', () => {
  it('an edit shows the fields that differ and the next ten instants before and after it', async () => {
    const beat = await populate(['a'])
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules/a/edit`)
    await page.locator('input[name=cron]').fill('30 3 * * *')
    await page.getByText('At 03:30').waitFor()
    const means = page.getByLabel('What it means')
    await expect.poll(() => means.locator('.diff').innerText()).toMatch(/cron\s+0 3 \* \* \*\s+30 3 \* \* \*/)
    for (const [index, title] of ['Before', 'After'].entries()) {
      const side = means.locator('.sides > div').nth(index)
      expect(await side.locator('h3').innerText()).toBe(title)
      expect(await side.locator('li').count()).toBe(10)
    }
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(async () => (await beat.schedules.get('a'))?.cron).toBe('30 3 * * *')
  })

  it('a schedule is created by the form, edited as YAML, skipped once, backfilled after a dry run, and removed', async () => {
    const beat = await populate([])
    const url = await serveDashboard(beat)
    const { page, troubles } = await browser.open(`${url}new`)
    await page.locator('input[name=name]').fill('made here')
    await page.locator('input[name=cron]').fill('0 4 * * *')
    await page.getByText('At 04:00').waitFor()
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('heading', { name: 'made here' }).waitFor()
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'YAML' }).click()
    await page.locator('textarea[name=yaml]').fill('cron: 0 4 * * *\nretries: 3\n')
    await page.getByText('retries', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(async () => (await beat.schedules.get('made here'))?.retries).toBe(3)
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Skip the next occurrence' }).click()
    await page.getByText('made here will skip').waitFor()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Backfill…' }).click()
    await page.getByRole('button', { name: 'Run 1 occurrence' }).click()
    await expect.poll(async () => (await beat.schedules.runs()).map(({ reason }) => reason)).toEqual(['backfill'])
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Remove' }).click()
    await page.getByText('Removing made here').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Kept made here').waitFor()
    expect(await beat.schedules.get('made here')).not.toBeNull()
    expect(troubles).toEqual([])
  })

  it('a running run is cancelled on the page of runs', async () => {
    const beat = await populate(['a'])
    beat.task('t', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
    await beat.start()
    await beat.schedules.trigger('a')
    const { page } = await browser.open(`${await serveDashboard(beat)}runs`)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(async () => (await beat.schedules.history('a'))[0]?.outcome).toBe('cancelled')
    await page.getByText('No run is running').waitFor()
  })
})

describe('the load', () => {
  it('the page of the load shows the effect of a jitter on a crowded minute', async () => {
    const beat = await populate(Array.from({ length: 40 }, (_, index) => `s-${index}`))
    const midnight = Math.ceil(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS
    const { page } = await browser.open(`${await serveDashboard(beat)}load?hour=${midnight + 3 * HOUR_MS}`)
    await page.getByText('40 of 40 starts fall in one minute').waitFor()
    await page.getByRole('button', { name: 'Jitter 5m' }).click()
    await page.getByText('the busiest minute has 8 starts instead of 40').waitFor()
    expect(page.url()).toContain('jitter=5m')
  })
})

describe('a hundred thousand schedules', () => {
  it('a hundred thousand schedules are paged and searched in the browser', async () => {
    const beat = fleet.create()
    await seedSchedules(beat, redis.client, fleet.prefix(), 100_000)
    const { page, troubles } = await browser.open(`${await serveDashboard(beat)}schedules`)
    await page.getByText(/50 of 100.000 schedules/).waitFor()
    await page.getByRole('button', { name: 'Next 50' }).click()
    await page.locator('tr[data-name=s-000050]').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('s-09999')
    // The page asks again by itself until every schedule was searched.
    await page.getByText('10 schedules', { exact: true }).waitFor({ timeout: 90_000 })
    expect(await page.locator('tbody tr').count()).toBe(10)
    expect(troubles).toEqual([])
  }, 180_000)
})
