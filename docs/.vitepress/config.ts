import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import llms from 'vitepress-plugin-llms'
import manifest from '../../package.json' with { type: 'json' }
import { drawDiagrams } from './diagrams.js'
import { readSidebar } from './sidebar.js'
import { pointOutside } from './outside-links.js'

const REPOSITORY = manifest.repository.url.replace(/^git\+|\.git$/g, '')

/** The documentation site: every page of `docs`, with search, a playground and `llms.txt`, without a request elsewhere. */
export default defineConfig({
  title: 'Everybeat',
  description: manifest.description,
  lang: 'en',
  cleanUrls: true,
  lastUpdated: false,
  outDir: '../dist-docs',
  cacheDir: '../node_modules/.cache/vitepress',
  srcExclude: ['examples/**', 'monitoring/**'],
  markdown: {
    config(markdown) {
      drawDiagrams(markdown)
      pointOutside(markdown, REPOSITORY)
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guides', link: '/guides/getting-started', activeMatch: '/guides/' },
      { text: 'Reference', link: '/reference/options', activeMatch: '/reference/' },
      { text: 'How it works', link: '/how-it-works' },
      { text: 'Playground', link: '/playground' },
    ],
    sidebar: readSidebar(fileURLToPath(new URL('..', import.meta.url))),
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    footer: { message: `Everybeat ${manifest.version}, MIT licence` },
  },
  vite: {
    // VitePress brings a Vite of its own, whose types are others than those that the plugin names.
    plugins: [llms() as never],
    // `solar` loads its optional library with Node's loader, which a browser lacks: the playground goes without `solar`.
    resolve: { alias: { 'node:module': fileURLToPath(new URL('theme/no-modules.ts', import.meta.url)) } },
  },
})
