import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setAction, type Command } from '../command.js'
import { CliFailure } from '../failure.js'
import { initFiles, type InitChoices } from '../init-files.js'

interface InitOptions {
  typescript?: boolean
  kubernetes?: boolean
  systemd?: boolean
  force?: boolean
}

/** Folders whose presence means that a project is deployed to Kubernetes. */
const KUBERNETES_FOLDERS = ['k8s', 'kubernetes', 'manifests', 'charts', 'helm']

/** `init [folder]`: writes the files of a first worker. */
export function registerInit(program: Command): void {
  const command = program
    .command('init')
    .description('write a worker, a configuration, a compose file, and a systemd unit or a Kubernetes manifest')
    .argument('[folder]', 'folder of the project (default: the working directory)')
    .option('--typescript', 'write a worker in TypeScript (default: if the project has a tsconfig.json)')
    .option('--kubernetes', 'write a Kubernetes manifest (default: if the project has a folder for manifests)')
    .option('--systemd', 'write a systemd unit (default: otherwise)')
    .option('--force', 'overwrite existing files')
  setAction<InitOptions, [string | undefined]>(command, async (session, options, path = '.') => {
    const folder = resolve(path)
    const files = initFiles(await choose(folder, options))
    const existing = Object.keys(files).filter((file) => existsSync(join(folder, file)))
    if (existing.length > 0 && !options.force) {
      throw new CliFailure(
        'ERR_CLI_FAILED',
        `${existing.join(', ')} exist already; nothing was written. --force overwrites`,
      )
    }
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    const worker = Object.keys(files)[0]!
    session.result({ folder, files: Object.keys(files) }, () =>
      [
        ...Object.keys(files).map((file) => `wrote ${join(path, file)}`),
        '',
        'Next:',
        '  docker compose up -d redis',
        `  npx everybeat worker ${join(path, worker)}`,
        '  npx everybeat ls',
      ].join('\n'),
    )
  })
}

async function choose(folder: string, options: InitOptions): Promise<InitChoices> {
  const has = (name: string): boolean => existsSync(join(folder, name))
  return {
    name: await projectName(folder),
    language: (options.typescript ?? has('tsconfig.json')) ? 'typescript' : 'javascript',
    service: (options.kubernetes ?? (!options.systemd && KUBERNETES_FOLDERS.some(has))) ? 'kubernetes' : 'systemd',
    folder,
  }
}

/** The name in package.json or else of the folder, in characters that units, manifests and prefixes allow. */
async function projectName(folder: string): Promise<string> {
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}')
  const { name } = safeParse(manifest)
  const text = (typeof name === 'string' ? name : basename(folder)).replace(/^@[^/]*\//, '')
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'app'
  )
}

function safeParse(text: string): { name?: unknown } {
  try {
    return JSON.parse(text) as { name?: unknown }
  } catch {
    return {}
  }
}
