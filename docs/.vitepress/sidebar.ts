import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DefaultTheme } from 'vitepress'

const docs = fileURLToPath(new URL('..', import.meta.url))

const page = (text: string, link: string): DefaultTheme.SidebarItem => ({ text, link })

/** The order of the pages. What is in `guides`, `guides/moving-in` or `reference` and in no list comes at the end of its group by itself. */
const groups: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [page('Getting started', '/guides/getting-started'), page('Playground', '/playground')],
  },
  {
    text: 'Guides',
    items: [
      page('Time', '/guides/time'),
      page('Policies', '/guides/policies'),
      page('Testing', '/guides/testing'),
      page('Which Redis', '/guides/redis'),
      page('Capacity', '/guides/capacity'),
      page('Monitoring', '/guides/monitoring'),
      page('Monitors', '/guides/monitors'),
      page('Tracing', '/guides/tracing'),
    ],
  },
  {
    text: 'It fits',
    items: [
      page('BullMQ', '/guides/bullmq'),
      page('NestJS', '/guides/nestjs'),
      page('Fastify', '/guides/fastify'),
      page('Nitro', '/guides/nitro'),
      page('node-cron', '/guides/node-cron'),
      page('Webhooks: any language', '/guides/webhooks'),
      page('Shell commands', '/guides/shell'),
    ],
  },
  { text: 'Moving in', items: [page('Moving in', '/guides/moving-in')] },
  {
    text: 'Concepts',
    items: [
      page('How it works', '/how-it-works'),
      page('Reliability', '/reliability'),
      page('Vocabulary', '/vocabulary'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Options and fields', '/reference/options'),
      page('Events', '/reference/events'),
      page('Errors', '/reference/errors'),
      page('Command line', '/reference/cli'),
      page('Keys', '/reference/keys'),
      page('Protocol', '/reference/protocol'),
    ],
  },
  { text: 'Examples', items: [page('All examples', '/examples/')] },
  { text: 'Compare', items: [page('Everybeat beside others', '/compare/')] },
  {
    text: 'Project',
    items: [
      page('Changelog', '/changelog'),
      page('Contributing', '/contributing'),
      page('Style', '/style'),
      page('Releases and versions', '/releases'),
    ],
  },
]

/** The pages of a folder that no group lists, by the titles that they have. */
function unlisted(folder: string): DefaultTheme.SidebarItem[] {
  const listed = JSON.stringify(groups)
  return readdirSync(join(docs, folder))
    .filter((name) => name.endsWith('.md') && !listed.includes(`"/${folder}/${name.replace(/\.md$/, '')}"`))
    .map((name) => {
      const title = /^# (.*)$/m.exec(readFileSync(join(docs, folder, name), 'utf8'))?.[1] ?? name
      return page(title.replaceAll('`', ''), `/${folder}/${name.replace(/\.md$/, '')}`)
    })
}

/** The menu beside each page. */
export const sidebar: DefaultTheme.SidebarItem[] = groups.map((group) => {
  const folder = { Guides: 'guides', 'Moving in': 'guides/moving-in', Reference: 'reference' }[group.text ?? '']
  return folder === undefined ? group : { ...group, items: [...(group.items ?? []), ...unlisted(folder)] }
})
