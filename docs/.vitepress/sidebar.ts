import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'

/** The guides in the order in which a new user needs them; pages that are not named here follow by title. */
const GUIDE_ORDER = [
  'getting-started',
  'typescript',
  'plain-node',
  'policies',
  'time',
  'testing',
  'monitoring',
  'dashboard',
]

/** Lists every page of the documentation by its first heading, so that no page is left out. */
export function readSidebar(docs: string): DefaultTheme.SidebarItem[] {
  const rank = (file: string): number => (GUIDE_ORDER.indexOf(file) + 1 || GUIDE_ORDER.length + 1) - 1
  const guides = pagesOf(docs, 'guides').sort((a, b) => rank(a.file) - rank(b.file))
  const titles = [
    { text: 'Guides', items: guides },
    { text: 'Reference', items: pagesOf(docs, 'reference') },
    { text: 'Background', items: pagesOf(docs, '').filter(({ file }) => !['index', 'playground'].includes(file)) },
    { text: 'Decisions', collapsed: true, items: pagesOf(docs, 'decisions') },
  ]
  return titles.map(({ items, ...group }) => ({ ...group, items: items.map(({ text, link }) => ({ text, link })) }))
}

interface Page {
  file: string
  text: string
  link: string
}

function pagesOf(docs: string, folder: string): Page[] {
  const files = readdirSync(join(docs, folder), { withFileTypes: true })
  return files
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => {
      const file = entry.name.slice(0, -3)
      const heading = /^# (.+)$/m.exec(readFileSync(join(docs, folder, entry.name), 'utf8'))
      return {
        file,
        text: heading?.[1]?.replaceAll('`', '') ?? file,
        link: `/${folder === '' ? '' : `${folder}/`}${file}`,
      }
    })
    .sort((a, b) => (folder === 'decisions' ? a.file.localeCompare(b.file) : a.text.localeCompare(b.text)))
}
