/**
 * The public entries of the package: the subpath that users import, and its source below `src`. This list is the only
 * place that names them: the build, `package.json` (`npm run entries` writes it) and the tests of the packed package
 * read it. `docs/contributing.md` says how an entry is added.
 */
export const ENTRIES: Readonly<Record<string, string>> = {
  '.': 'index.ts',
  './testing': 'testing/index.ts',
  './testing/vitest': 'testing/vitest.ts',
  './testing/jest': 'testing/jest.ts',
  './bullmq': 'bullmq/index.ts',
  './nestjs': 'nestjs/index.ts',
  './definition-files': 'definition-files/index.ts',
  './moving-in': 'moving-in/index.ts',
  './fastify': 'fastify/index.ts',
  './node-cron': 'node-cron/index.ts',
  './webhook': 'webhook/index.ts',
  './monitors': 'monitors/index.ts',
  './opentelemetry': 'opentelemetry/index.ts',
  './shell': 'shell/index.ts',
  './prometheus': 'prometheus/index.ts',
  './dashboard': 'dashboard/index.ts',
  './dashboard/node': 'dashboard/mount/node.ts',
  './dashboard/express': 'dashboard/mount/express.ts',
  './dashboard/fastify': 'dashboard/mount/fastify.ts',
  './dashboard/hono': 'dashboard/mount/hono.ts',
  './dashboard/nestjs': 'dashboard/mount/nestjs.ts',
  // Has nothing to import: a bundler builds it into a file of its own, which `leaseKeeper: 'thread'` starts.
  './lease-thread': 'redis/lease/lease-thread-main.ts',
}

/** The files that are made of one entry, below `dist`. */
export interface EntryFiles {
  /** The implementation, which Node.js runs for `import` and `require` alike. */
  readonly commonjs: string
  /** Hands on what the implementation exports, for `import`. */
  readonly module: string
  /** The same sources as ES modules, of which a bundler keeps what is used. */
  readonly bundler: string
  readonly types: string
  readonly commonjsTypes: string
}

/** Gives the name of an entry's files: the path of its source without the ending. */
export function entryName(source: string): string {
  return source.replace(/\.tsx?$/, '')
}

/** Gives the files of the entry that this source makes. */
export function filesOfEntry(source: string): EntryFiles {
  const name = entryName(source)
  return {
    commonjs: `${name}.cjs`,
    module: `${name}.js`,
    bundler: `bundler/${name}.js`,
    types: `${name}.d.ts`,
    commonjsTypes: `${name}.d.cts`,
  }
}
