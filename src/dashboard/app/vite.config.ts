import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// The pages that are shipped are the same wherever they are built, also by a test.
process.env['NODE_ENV'] = 'production'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Builds the pages of the dashboard into `dist`, with relative links, so that they work below any path. */
export default defineConfig({
  root,
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../../../dist/dashboard/app', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // Inlined assets would be data: URLs, which the policy of the pages allows for images only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
})
