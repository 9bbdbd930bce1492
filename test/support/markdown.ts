import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { PROJECT_DIR } from './build.js'
import { listFiles } from './sources.js'

/** A page of the documentation, as far as tests look at it. */
export interface Page {
  /** Relative to the project, such as `docs/reference/errors.md`. */
  path: string
  sections: Section[]
}

/** The text between one heading and the next, of any depth. */
export interface Section {
  heading: string
  /** Prose and tables, without code blocks. */
  text: string
  codeBlocks: { language: string; code: string }[]
}

/** Reads the README and every page below `docs/`. */
export function readPages(): Page[] {
  const paths = listFiles('docs').filter((path) => path.endsWith('.md') && !path.startsWith('.vitepress/'))
  const all = [
    ...(existsSync(join(PROJECT_DIR, 'README.md')) ? ['README.md'] : []),
    ...paths.map((path) => `docs/${path}`),
  ]
  return all.map((path) => parsePage(path, readFileSync(join(PROJECT_DIR, path), 'utf8')))
}

/** Splits a page at its headings; the text before the first has the heading ''. */
export function parsePage(path: string, text: string): Page {
  const sections: Section[] = [{ heading: '', text: '', codeBlocks: [] }]
  let block: { language: string; code: string } | null = null
  for (const line of text.split('\n')) {
    const section = sections.at(-1) as Section
    const fence = /^\s*(?:```|~~~)\s*(\S*)/.exec(line)
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)
    if (fence && block) block = null
    else if (fence) section.codeBlocks.push((block = { language: fence[1] ?? '', code: '' }))
    else if (block) block.code += `${line}\n`
    else if (heading) sections.push({ heading: heading[1] ?? '', text: '', codeBlocks: [] })
    else section.text += `${line}\n`
  }
  return { path, sections }
}

/** Gives the texts in backticks. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/(`+)(.+?)\1/g)].map(([, , code]) => (code ?? '').trim())
}

/** Gives the first cell of every row of every table, without headings and rulers. */
export function firstCells(page: Page): string[] {
  const lines = page.sections.flatMap(({ text }) => text.split('\n'))
  return lines.flatMap((line, index) => {
    const isRow = line.trim().startsWith('|') && !isRuler(line) && !isRuler(lines[index + 1] ?? '')
    return isRow ? [line.replaceAll('\\|', '\u0000').split('|')[1]?.replaceAll('\u0000', '|').trim() ?? ''] : []
  })
}

/** Gives the links of a page that lead nowhere inside the project: no such file, or no such heading in it. */
export function findDeadLinks(page: Page, pages: readonly Page[], exists = fileExists): string[] {
  const links = page.sections.flatMap(({ text, heading }) =>
    [...`${heading}\n${text}`.matchAll(LINK)].map(([, to]) => to ?? ''),
  )
  return links
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#')
      const path = file === '' ? page.path : relative(PROJECT_DIR, resolve(PROJECT_DIR, dirname(page.path), file))
      if (!exists(path)) return true
      const target = pages.find((candidate) => candidate.path === path)
      return anchor !== undefined && target !== undefined && !anchorsOf(target).includes(anchor)
    })
}

const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g

function anchorsOf(page: Page): string[] {
  const seen = new Map<string, number>()
  return page.sections.map(({ heading }) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(anchor) ?? 0
    seen.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

function isRuler(line: string): boolean {
  return /^\s*\|(\s*:?-+:?\s*\|)+\s*$/.test(line)
}

function fileExists(path: string): boolean {
  return existsSync(join(PROJECT_DIR, path))
}
