import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { sidebar } from '../../../docs/.vitepress/sidebar.js'
import { preview } from '../../../src/index.js'
import { PROJECT_DIR } from '../../support/build.js'
import { listFiles } from '../../support/sources.js'
import { ensureTool } from '../../support/tools.js'
import { buildSite, serveSite, type Site } from './site-server.js'

const DIST = join(PROJECT_DIR, 'docs/.vitepress/dist')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** EVERYBEAT_SCREENSHOTS=folder keeps pictures of the pages that are visited. */
const SCREENSHOTS = process.env.EVERYBEAT_SCREENSHOTS

let site: Site
let browser: Browser | null = null
let missing = ''
beforeAll(async () => {
  await buildSite()
  site = await serveSite()
  const tool = await ensureTool('chromium')
  if (tool.kind === 'missing') missing = tool.reason
  else browser = await chromium.launch({ executablePath: tool.path, args: ['--no-sandbox'] })
}, 240_000)
afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
})

/** Opens a page; what it asks of another host, and what it complains about, is kept. */
async function open(path: string, options: BrowserContextOptions = {}): Promise<{ page: Page; troubles: string[] }> {
  const context = await (browser as Browser).newContext({ colorScheme: 'light', ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(site.url)) troubles.push(request.url())
  })
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text())
  })
  await page.goto(`${site.url}${path}`, { waitUntil: 'networkidle' })
  return { page, troubles }
}

async function picture(page: Page, name: string): Promise<void> {
  if (!SCREENSHOTS) return
  mkdirSync(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
}

async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return await page.evaluate(async () => {
    type Node = { html: string }
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: Node[] }[] }> }
    }
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  })
}

describe('the built site', () => {
  it('the built site has every page of docs, and each page is in the menu or linked from a page in the menu', () => {
    const pages = listFiles('docs').filter((path) => path.endsWith('.md') && !path.startsWith('.vitepress/'))
    const html = pages.map((path) => path.replace(/README\.md$/, 'index.md').replace(/md$/, 'html'))
    expect(html.filter((path) => !existsSync(join(DIST, path)))).toEqual([])
    const links = JSON.stringify(sidebar)
    const unlisted = pages.filter((path) => !/^(index|decisions\/|examples\/|compare\/)/.test(path))
    expect(unlisted.filter((path) => !links.includes(`"/${path.replace('.md', '')}"`))).toEqual([])
  })

  it('the built site has llms.txt with a line for every guide, and the whole in one file', () => {
    const guides = listFiles('docs/guides').map((name) => `/guides/${name}`)
    const list = readFileSync(join(DIST, 'llms.txt'), 'utf8')
    expect(guides.filter((path) => !list.includes(path))).toEqual([])
    expect(readFileSync(join(DIST, 'llms-full.txt'), 'utf8')).toContain('ERR_EVERYBEAT_OPTIONS')
  })

  it('every link of the built site leads to an existing page or file of it, and to an existing heading', () => {
    const pages = listFiles('docs/.vitepress/dist').filter((path) => path.endsWith('.html'))
    const texts = new Map(pages.map((path) => [`/${path}`, readFileSync(join(DIST, path), 'utf8')]))
    const dead: string[] = []
    let count = 0
    for (const [page, text] of texts) {
      for (const [, href = ''] of text.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)) {
        const { origin, pathname, hash } = new URL(href.replaceAll('&amp;', '&'), `http://site${page}`)
        if (origin !== 'http://site') continue
        count += 1
        const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
        const target = texts.get(file)
        const isThere = target !== undefined || existsSync(join(DIST, decodeURIComponent(file)))
        const id = decodeURIComponent(hash.slice(1))
        const hasHeading = id === '' || target === undefined || target.includes(`id="${id}"`)
        if (!isThere || !hasHeading) dead.push(`${page}: ${href}`)
      }
    }
    expect(count).toBeGreaterThan(1_000)
    expect(dead).toEqual([])
  })

  it('the built site is at most 15 MB', () => {
    const bytes = listFiles('docs/.vitepress/dist').map((path) => readFileSync(join(DIST, path)).byteLength)
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThan(15e6)
  })
})

describe('in a browser, the site', () => {
  const LAYOUTS: [string, BrowserContextOptions][] = [
    ['wide and light', { viewport: { width: 1280, height: 800 } }],
    ['wide and dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ]
  const PATHS = ['/', '/guides/nestjs.html', '/playground.html', '/how-it-works.html', '/compare/bullmq.html']

  it.for(LAYOUTS)(
    'the site in a browser asks no other host, has no accessibility barrier and no sideways scrolling, %s',
    async ([name, options], context) => {
      if (browser === null) return context.skip(missing)
      for (const path of PATHS) {
        const { page, troubles } = await open(path, options)
        expect([path, await findBarriers(page)]).toEqual([path, []])
        const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
        expect([path, overflow]).toEqual([path, 0])
        await picture(page, `${path.replace(/\W+/g, '-')}${name.replace(/\W+/g, '-')}`)
        expect([path, troubles]).toEqual([path, []])
      }
    },
  )

  it('the playground of the site shows the instants of preview(), with clock changes, and keeps its input in the address', async (context) => {
    if (browser === null) return context.skip(missing)
    const { page } = await open('/playground.html?from=2026-03-07&text=30+2+*+*+*&tz=America%2FNew_York')
    const rows = async () => await page.locator('.playground tbody tr').allInnerTexts()
    const expected = (definition: object, from: string) =>
      preview(definition, { from, count: 12 }).map(({ at, local, note }) =>
        [local, at.toISOString(), note ?? ''].join('\t'),
      )
    expect(await rows()).toEqual(expected({ cron: '30 2 * * *', tz: 'America/New_York' }, '2026-03-07'))
    expect((await rows())[1]).toContain('does not exist')
    await page.getByLabel('Its text').fill('*/30 1 * * *')
    await page.getByLabel('From').fill('2026-10-31')
    expect(await rows()).toEqual(expected({ cron: '*/30 1 * * *', tz: 'America/New_York' }, '2026-10-31'))
    expect(new URL(page.url()).searchParams.get('text')).toBe('*/30 1 * * *')
    await page.getByLabel('Its text').fill('61 * * * *')
    expect(await page.locator('.playground .refusal').innerText()).toContain('61')
    expect(await rows()).toEqual([])
  })

  it('the search of the site finds words without a network', async (context) => {
    if (browser === null) return context.skip(missing)
    const { page } = await open('/')
    await page.keyboard.press('/')
    await page.getByRole('searchbox').fill('deduplication')
    await page.locator('.VPLocalSearchBox .result').first().waitFor()
    expect(await page.locator('.VPLocalSearchBox .results').innerText()).toContain('BullMQ')
  })

  it('the site draws its diagrams', async (context) => {
    if (browser === null) return context.skip(missing)
    const { page, troubles } = await open('/how-it-works.html')
    const drawn = readFileSync(join(PROJECT_DIR, 'docs/how-it-works.md'), 'utf8').split('```mermaid').length - 1
    for (let index = 0; index < drawn; index += 1) await page.locator('.diagram svg').nth(index).waitFor()
    expect(troubles).toEqual([])
  })
})
