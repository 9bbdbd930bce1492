import { beforeEach, describe, expect, it } from 'vitest'
import { findBarriers, goByKeys, serveDashboard, useBrowser } from '../../support/browser.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const browser = useBrowser()

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

/** A fleet in which something is well, failing, paused, invalid and unserved. */
async function populate() {
  const beat = fleet.create()
  beat.task('good', () => ({ rows: 3 }))
  beat.task('slow', () => new Promise((resolve) => setTimeout(resolve, 3_000)))
  // Its run is running as long as the test looks at the pages.
  beat.task('endless', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
  beat.task('bad', () => {
    throw new Error('connect ECONNREFUSED')
  })
  const long = 'a-name-that-somebody-made-from-a-customer-and-a-region-and-a-date-2026-11-27'
  await beat.schedules.putMany([
    { name: 'well', task: 'good', every: '200ms', tags: ['ops'] },
    { name: 'failing', task: 'bad', every: '200ms' },
    { name: 'running', task: 'endless', every: '1h' },
    { name: 'unserved', task: 'nobody', cron: '30 2 * * *', tz: 'America/New_York' },
    { name: long, task: 'slow', every: '1h', payload: { apiKey: 's3cret' } },
  ])
  await beat.schedules.put('paused', { task: 'good', every: '1h' })
  await beat.schedules.pause('paused', { note: 'until the bank is back' })
  await beat.start()
  await beat.schedules.trigger('running')
  await expect.poll(async () => (await beat.schedules.history('failing')).length).toBeGreaterThan(3)
  return beat
}

const PAGES = [
  ['overview', '', 'failing'],
  ['schedules', 'schedules', 'well'],
  ['schedule', 'schedules/failing', 'ECONNREFUSED'],
  ['edit', 'schedules/well/edit', 'Every 200 milliseconds'],
  ['YAML', 'schedules/well/edit?as=yaml', 'every: 200ms'],
  ['pause dialog', 'schedules/well?do=pause', 'How long'],
  ['backfill dialog', 'schedules/unserved?do=backfill', 'Backfill unserved'],
  ['runs', 'runs', 'Attempt'],
  ['fleet', 'fleet', 'good'],
  ['load', 'load', 'more, up to'],
  ['doctor', 'doctor', 'Latency'],
] as const

describe('the pages of the dashboard', () => {
  it.each([false, true])(
    'the pages open without an error, a foreign request or an accessibility barrier (dark: %s)',
    async (isDark) => {
      const url = await serveDashboard(await populate(), { basePath: '/deep/mount' })
      for (const [name, path, text] of PAGES) {
        const { page, troubles } = await browser.open(url + path, { isDark })
        if (path.includes('yaml')) await expect.poll(() => page.inputValue('textarea[name=yaml]')).toContain(text)
        else await page.getByText(text).first().waitFor()
        expect(await findBarriers(page), name).toEqual([])
        expect(troubles, name).toEqual([])
        await page.context().close()
      }
    },
  )

  it('the pages fit a phone', async () => {
    const url = await serveDashboard(await populate())
    for (const [name, path] of PAGES) {
      const { page } = await browser.open(url + path, { width: 390 })
      await page.locator('h1').waitFor()
      await page.waitForLoadState('networkidle').catch(() => {})
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(overflow, name).toBeLessThanOrEqual(0)
      await page.context().close()
    }
  }, 180_000)
})

describe('a person on call', () => {
  it('a person on call finds a failing schedule, sees the cause, pauses it with a note, resumes it, and runs it', async () => {
    const beat = await populate()
    const { page, troubles } = await browser.open(await serveDashboard(beat))
    await page.locator('.attention a', { hasText: 'failing' }).click()
    await page.getByText('connect ECONNREFUSED').first().waitFor()
    await page.getByRole('button', { name: 'Pause…' }).click()
    await page.getByRole('textbox', { name: 'Why' }).fill('the bank is down')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click()
    await expect.poll(async () => (await beat.schedules.get('failing'))?.paused?.note).toBe('the bank is down')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await beat.schedules.get('failing'))?.state).toBe('active')
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByText('A run of failing was requested').waitFor()
    expect(troubles).toEqual([])
  })

  it('a person on call edits a schedule, sees the moved instants, and gets a conflict when another person was faster', async () => {
    const beat = await populate()
    await beat.schedules.put('nightly', { task: 'good', cron: '0 2 * * *' })
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules/nightly/edit`)
    await page.locator('input[name=cron]').fill('0 3 * * *')
    await page.getByText('At 03:00').waitFor()
    await page.getByText('10 new instants').waitFor()
    await beat.schedules.patch('nightly', { note: 'theirs' })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody else saved this schedule').waitFor()
    expect((await beat.schedules.get('nightly'))?.cron).toBe('0 2 * * *')
    await page.getByRole('button', { name: /Keep mine/ }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(async () => (await beat.schedules.get('nightly'))?.cron).toBe('0 3 * * *')
  })

  it('a person on call searches as they type, and keeps the search in the address', async () => {
    const { page } = await browser.open(`${await serveDashboard(await populate())}schedules`)
    await page.getByText('well', { exact: true }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('tag:ops')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    expect(page.url()).toContain('q=tag%3Aops')
    await page.reload()
    await page.getByText('well', { exact: true }).waitFor()
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(/schedules\/well$/)
    await goByKeys(page, 'f')
    await page.waitForURL(/fleet$/)
  })

  it('a person on call pauses many schedules at once, and a removal takes effect only after ten seconds', async () => {
    const beat = await populate()
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules`)
    await page.getByLabel('Select well').check()
    await page.getByLabel('Select unserved').check()
    await page.getByRole('toolbar').getByRole('button', { name: 'Pause…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByText('Paused 2 schedules').waitFor()
    expect((await beat.schedules.get('unserved'))?.state).toBe('paused')
    await page.getByLabel('Select unserved').check()
    await page.getByRole('toolbar').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Removing unserved').waitFor()
    expect(await beat.schedules.get('unserved')).not.toBeNull()
    await expect.poll(() => beat.schedules.get('unserved')).toBeNull()
  })

  it('a person on call sees a run of another process without loading the page again', async () => {
    const beat = await populate()
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules?q=customer`)
    await page.locator('tbody tr').waitFor()
    expect(await page.locator('tbody .mark').count()).toBe(0)
    const [name] = await page
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-name')!))
    await page.locator('.dot.live').waitFor()
    await beat.schedules.trigger(name!)
    await expect.poll(() => page.locator('tbody .mark').count()).toBe(1)
  })
})

describe('users without a right', () => {
  it('a user with the role view has no button that changes anything, and is refused by the API too', async () => {
    const url = await serveDashboard(await populate(), { readOnly: true })
    const { page } = await browser.open(`${url}schedules/well`)
    await page.getByText('Every 200 milliseconds').first().waitFor()
    for (const name of ['Run now', 'Pause…']) expect(await page.getByRole('button', { name }).count()).toBe(0)
    const status = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json', 'x-everybeat': '1' }
      return (await fetch('../api/schedules/well/pause', { method: 'POST', headers, body: '{}' })).status
    })
    expect(status).toBe(403)
  })

  it('a user without a token is asked for it, and stays signed in with it', async () => {
    const { page } = await browser.open(
      `${await serveDashboard(await populate(), { token: 'open sesame' })}schedules/well`,
    )
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This token is wrong').waitFor()
    await page.getByLabel('Token').fill('open sesame')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Every 200 milliseconds').first().waitFor()
    await page.reload()
    await page.getByText('Every 200 milliseconds').first().waitFor()
    expect(page.url()).not.toContain('sesame')
  })

  it('a page of another origin can neither write nor read', async () => {
    const beat = await populate()
    const url = await serveDashboard(beat)
    const other = await serveDashboard(beat)
    const { page } = await browser.open(other)
    const outcome = await page.evaluate(async (target) => {
      const write = await fetch(`${target}api/schedules/well`, { method: 'DELETE', mode: 'no-cors' }).catch(
        () => 'refused',
      )
      const read = await fetch(`${target}api/overview`).catch(() => 'refused')
      return [write, read]
    }, url)
    expect(outcome).toEqual(['refused', 'refused'])
    expect(await beat.schedules.get('well')).not.toBeNull()
  })
})
