export { isRefused, Refusal, type ConvertOptions, type Draft, type ImportedEntry, type RefusedDraft } from './entry.js'
export { finishEntries, type FinishOptions } from './finish-entries.js'
export { KEY_FORMATS, TEXT_FORMATS, type SourceKeys, type SourceOptions } from './formats.js'
export { withSourceRedis } from './readers/open-source.js'
