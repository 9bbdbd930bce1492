export { Everybeat } from './everybeat.js'
export type { RegisterTask, TaskHandle } from './task-handle.js'
export type { Health } from './worker/health.js'
export type { ReshardOptions, ReshardResult } from './redis/reshard/reshard.js'
export type { BackfillOptions, BackfillResult } from './control/backfill.js'
export type { Diagnosis } from './control/diagnose/diagnose.js'
export type { Explanation } from './control/explain/explain.js'
export type { ExplanationReason } from './control/explain/explain-waits.js'
export type { Finding } from './control/diagnose/finding.js'
export type { WorkerView } from './control/fleet.js'
export type { HistoryEntry, HistoryOutcome } from './control/history.js'
export type { ScheduleState, ScheduleView } from './control/schedule-view.js'
export type { RunView } from './control/run-view.js'
export type { ListOptions, PutResult, SchedulePage, Schedules } from './control/schedules.js'
export type { SyncOptions, SyncResult } from './control/sync.js'
export { ERROR_CODES, EverybeatError, type ErrorCode } from './errors.js'
export { EVENT_NAMES, type ErrorData, type EverybeatEvents, type RunEvent } from './events/events.js'
export type { AbandonReason, FailureReason, HistoryReason, SkipReason, WaitReason } from './events/reasons.js'
export type { EverybeatOptions, Logger } from './options/options.js'
export { openRedis, type OpenedRedis } from './redis/connection/open-redis.js'
export { aclRules } from './redis/acl.js'
export { checkDefinition } from './schedule/check-definition.js'
export type {
  BackoffInput,
  CrashPolicy,
  DefinitionInput as DefinitionShape,
  Duration,
  Instant,
  MisfirePolicy,
  OverlapPolicy,
} from './schedule/definition.js'
export type { AnyTasks, ExactDefinition as DefinitionInput, TaskDefinition } from './schedule/exact-definition.js'
export type { Jsonify } from './schedule/jsonify.js'
export type { StandardSchema, TaskOptions } from './options/task-options.js'
export type { Handler, Run } from './worker/run/task.js'
export { describe } from './time/describe.js'
export { parseDuration } from './time/duration.js'
export type { TriggerInput } from './time/trigger-input.js'
export { preview, type PreviewEntry, type PreviewOptions } from './time/preview.js'
