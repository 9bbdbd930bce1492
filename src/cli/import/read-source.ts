import {
  isRefused,
  KEY_FORMATS,
  Refusal,
  TEXT_FORMATS,
  type ConvertOptions,
  type Draft,
  type RefusedDraft,
} from '../../moving-in/index.js'
import { CliFailure } from '../failure.js'
import { readTextFiles } from '../files.js'

/** The source of the entries, from the command line. */
export interface ImportSource extends Pick<ConvertOptions, 'tz' | 'task' | 'system'> {
  format: string
  path: string | undefined
  source: string | undefined
  sourcePrefix: string | undefined
  force: boolean
}

/** Every format that `--from` takes. */
export const IMPORT_FORMATS = [...new Set([...Object.keys(TEXT_FORMATS), ...Object.keys(KEY_FORMATS)])]

/**
 * Endings of the files that a folder is searched for; in a folder of crontabs, such as /etc/cron.d, every file is read.
 */
const ENDINGS = ['.yaml', '.yml', '.json', '.jsonl']

/** Reads and converts the entries of a source; throws a usage failure for a source of another format. */
export async function readSource(request: ImportSource): Promise<(Draft | RefusedDraft)[]> {
  const { tz, task, system } = request
  const options: ConvertOptions = {
    ...(tz !== undefined && { tz }),
    ...(task !== undefined && { task }),
    ...(system !== undefined && { system }),
  }
  // Agenda stores its jobs in Redis, or in MongoDB, whose export is a file.
  const isKeys = request.format in KEY_FORMATS && !(request.format in TEXT_FORMATS && request.path !== undefined)
  const drafts = isKeys ? await readKeys(request, options) : await readFiles(request, options)
  return task === undefined ? drafts : drafts.map((draft) => withTask(draft, task))
}

async function readFiles(request: ImportSource, options: ConvertOptions): Promise<(Draft | RefusedDraft)[]> {
  const { format, path } = request
  if (request.source !== undefined) {
    throw new CliFailure(
      'ERR_CLI_USAGE',
      `--source is for ${Object.keys(KEY_FORMATS).join(', ')}; ${format} is read from a file`,
    )
  }
  if (path === undefined) throw new CliFailure('ERR_CLI_USAGE', `give the file, the folder, or - for standard input`)
  const files = await readTextFiles(path, format === 'crontab' ? [] : ENDINGS)
  return files.flatMap(({ name, text }) => {
    try {
      return TEXT_FORMATS[format]!(text, { ...options, file: name })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new CliFailure('ERR_CLI_USAGE', `${name}: ${error.message}`, { cause: error })
    }
  })
}

async function readKeys(request: ImportSource, options: ConvertOptions): Promise<(Draft | RefusedDraft)[]> {
  const { format, path, source, sourcePrefix, force } = request
  if (path !== undefined)
    throw new CliFailure('ERR_CLI_USAGE', `${format} is read from its Redis: give --source, no file`)
  if (source === undefined)
    throw new CliFailure('ERR_CLI_USAGE', `${format} is read from its Redis: give --source <redis url>`)
  const keys = await KEY_FORMATS[format]!({ ...options, source, ...(sourcePrefix !== undefined && { sourcePrefix }) })
  if (keys.isRunning !== undefined && !force) {
    throw new CliFailure('ERR_CLI_CONFLICT', `${keys.isRunning}; --force imports anyway`)
  }
  return keys.drafts
}

// `--task` gives the task of each entry, and replaces the tasks of a format that has its own.
function withTask(draft: Draft | RefusedDraft, task: string): Draft | RefusedDraft {
  return isRefused(draft) ? draft : { ...draft, definition: { ...draft.definition, task } }
}
