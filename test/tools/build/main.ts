import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as buildPages } from 'vite'
import { buildCommands } from './commands.js'
import { buildLibrary } from './library.js'
import { writeLicences } from './licences.js'
import { buildDeclarations } from './declarations.js'

// `npm run build`: replaces dist/. Type errors are shown, and fail the build after everything is written.
const projectDir = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')
const sourceDir = `${projectDir}/src`
const outDir = `${projectDir}/dist`
const declarationDir = `${projectDir}/node_modules/.cache/declarations`

rmSync(outDir, { recursive: true, force: true })
const exportsOf = await buildLibrary({ sourceDir, outDir })
buildCommands(sourceDir, outDir)
try {
  const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'))
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: projectDir, stdio: 'inherit' })
} catch {
  process.exitCode = 1
}
await buildDeclarations(declarationDir, outDir, exportsOf)
const pages = await buildPages({ configFile: `${sourceDir}/dashboard/app/vite.config.ts` })
const chunks = [pages].flat().flatMap((result) => ('output' in result ? result.output : []))
const modules = chunks
  .flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : chunk.originalFileNames))
  .map((file) => resolve(`${sourceDir}/dashboard/app`, file))
writeLicences(modules, projectDir, outDir)
