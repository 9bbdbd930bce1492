import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../../support/build.js'
import { goByKeys, serveDashboard, useBrowser } from '../../support/browser.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const browser = useBrowser()

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

/** The clicks that the guide promises, by what they do. */
const promised = new Map(
  [...readFileSync(join(PROJECT_DIR, 'docs/guides/dashboard.md'), 'utf8').matchAll(/^\| (.+?) +\| (\d+) +\|/gm)].map(
    ([, what, count]) => [what!, Number(count)],
  ),
)

/** The window of a page, with the count. */
interface CountedWindow {
  clicks: number
  addEventListener(type: string, hear: (event: { isTrusted: boolean }) => void, isEarly: boolean): void
}

/** Counts the clicks on a page from now on; following a link within the dashboard does not end that. */
async function countClicks(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const counted = globalThis as unknown as CountedWindow
    counted.clicks = 0
    counted.addEventListener('click', (event) => (counted.clicks += event.isTrusted ? 1 : 0), true)
  })
  return () => page.evaluate(() => (globalThis as unknown as CountedWindow).clicks)
}

/** A fleet in which `starved` is late: the only slot of its task is taken by a run that does not end. */
async function populate() {
  const beat = fleet.create()
  beat.task('slow', { concurrency: 1 }, ({ signal, schedule }) =>
    schedule === 'hog' ? new Promise((resolve) => signal.addEventListener('abort', resolve)) : undefined,
  )
  await beat.schedules.put('hog', { task: 'slow', every: '1h' })
  await beat.start()
  await beat.schedules.trigger('hog')
  await expect.poll(async () => (await beat.schedules.runs({ state: 'running' })).length).toBe(1)
  await beat.schedules.put('starved', { task: 'slow', every: '1s' })
  await beat.schedules.put('edited', { task: 'slow', cron: '0 3 * * *' })
  await beat.schedules.put('edited', { task: 'slow', cron: '0 4 * * *' })
  return beat
}

describe('the clicks of an action', () => {
  it('each action takes as many clicks as the guide says', async () => {
    const beat = await populate()
    const { page, troubles } = await browser.open(await serveDashboard(beat))
    const taken = new Map<string, number>()
    const clicks = await countClicks(page)
    let before = 0
    const note = async (what: string) => {
      const now = await clicks()
      taken.set(what, now - before)
      before = now
    }
    const late = page.locator('.attention li', { hasText: 'starved' })
    await late.getByText('has been due for').waitFor({ timeout: 60_000 })
    await note('find a late schedule')
    await late.getByRole('link', { name: 'Why' }).click()
    await page.getByText('waits for a free slot').first().waitFor()
    await note('see why it is late')
    await page.getByRole('button', { name: 'Pause…' }).click()
    await page.keyboard.type('waits for the bank')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click()
    await expect.poll(async () => (await beat.schedules.get('starved'))?.paused?.note).toBe('waits for the bank')
    await note('pause it with a note')
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByText('A run of starved was requested').waitFor()
    await note('run it')
    await goByKeys(page, 's')
    await page.locator('tr[data-name=edited] a').click()
    await page.getByRole('heading', { name: 'edited' }).waitFor()
    before = await clicks()
    await page.getByRole('button', { name: 'Roll back' }).click()
    await expect.poll(async () => (await beat.schedules.get('edited'))?.cron).toBe('0 3 * * *')
    await note('undo an edit of it')
    expect(Object.fromEntries(taken)).toEqual(
      Object.fromEntries([...taken.keys()].map((what) => [what, promised.get(what)])),
    )
    expect(troubles).toEqual([])
  })
})
