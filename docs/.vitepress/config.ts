import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import llmstxt from 'vitepress-plugin-llms'
import { keepLinksInside, slugOf } from './links-inside.ts'
import { sidebar } from './sidebar.ts'

const here = dirname(fileURLToPath(import.meta.url))
const description = 'A leaderless scheduler for fleets of Node.js workers, on Redis: every worker is the beat'

export default defineConfig({
  title: 'Everybeat',
  description,
  lang: 'en',
  // Where the site lies below its host: EVERYBEAT_DOCS_BASE=/everybeat/ npm run docs
  base: process.env.EVERYBEAT_DOCS_BASE ?? '/',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // A README of an example is the page of its folder.
  rewrites: { 'examples/:name/README.md': 'examples/:name/index.md', 'examples/README.md': 'examples/index.md' },
  srcExclude: ['examples/**/node_modules/**'],
  lastUpdated: false,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guides', link: '/guides/getting-started', activeMatch: '/guides/' },
      { text: 'Reference', link: '/reference/options', activeMatch: '/reference/' },
      { text: 'Examples', link: '/examples/', activeMatch: '/examples/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Compare', link: '/compare/', activeMatch: '/compare/' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar,
  },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: slugOf },
    config(markdown) {
      markdown.use(keepLinksInside)
    },
  },
  vite: {
    plugins: [llmstxt({ domain: '', ignoreFiles: ['decisions/**'], description })],
    // The playground computes with the sources of the package. Optional libraries are loaded there by Node.js alone.
    resolve: { alias: { 'node:module': join(here, 'no-node-module.ts') } },
    server: { fs: { allow: [join(here, '../..')] } },
    build: { chunkSizeWarningLimit: 2_000 },
  },
  buildEnd({ outDir }) {
    // Diagrams are drawn in the browser, by a file of our own host.
    const mermaid = dirname(createRequire(import.meta.url).resolve('mermaid/dist/mermaid.esm.min.mjs'))
    cpSync(join(mermaid, 'mermaid.esm.min.mjs'), join(outDir, 'mermaid/mermaid.esm.min.mjs'))
    cpSync(join(mermaid, 'chunks/mermaid.esm.min'), join(outDir, 'mermaid/chunks/mermaid.esm.min'), {
      recursive: true,
      filter: (file) => !file.endsWith('.map'),
    })
    cpSync(join(here, '../monitoring'), join(outDir, 'monitoring'), { recursive: true })
    cpSync(join(here, '../examples'), join(outDir, 'examples'), {
      recursive: true,
      filter: (file) => !/node_modules|\.md$/.test(file),
    })
  },
})
