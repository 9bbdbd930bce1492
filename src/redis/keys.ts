/** The names of all keys of one shard. All have the same hash tag, so that a script may use them together. */
export interface Keys {
  readonly tag: string
  readonly due: string
  readonly pending: string
  readonly running: string
  readonly names: string
  /** The inactive schedules, by reason. */
  readonly inactive: string
  readonly workers: string
  readonly ranks: string
  readonly meta: string
  readonly upkeep: string
  /** A stream that exists only while a worker probes the server. */
  readonly probe: string
  /** The fleet channel. */
  readonly wake: string
  /** The task queues with parked work; the key says `lanes`. */
  readonly lanes: string
  lane(lane: string): string
  schedule(name: string): string
  state(name: string): string
  lease(name: string): string
  runLease(runId: string): string
  history(name: string): string
  /** The last edits of a schedule, and its declaration. */
  changes(name: string): string
  /** The activity of a minute, by its number since the epoch. */
  minute(number: number): string
  /** The backfilled runs of a schedule that wait for their turn. */
  backfill(name: string): string
  /** The runs that count for the fleet-wide limit of a task. */
  busy(task: string): string
  /** The start key of a run on the lock nodes: each attempt and each delivery may be started once. */
  start(runId: string, attempt: number, delivery: number): string
  /** The record of a worker; its name is also the channel of the echo of its heartbeats. */
  worker(id: string): string
}

/** Creates the key names of a shard: `{prefix}:…`, with several shards `{prefix:0}:…`, `{prefix:1}:…`. */
export function createKeys(prefix: string, shard: number, shards: number): Keys {
  const tag = shards === 1 ? `{${prefix}}` : `{${prefix}:${shard}}`
  return {
    tag,
    due: `${tag}:due`,
    pending: `${tag}:pending`,
    running: `${tag}:running`,
    names: `${tag}:names`,
    inactive: `${tag}:inactive`,
    workers: `${tag}:workers`,
    ranks: `${tag}:ranks`,
    meta: `${tag}:meta`,
    upkeep: `${tag}:upkeep`,
    probe: `${tag}:probe`,
    wake: `${tag}:wake`,
    lanes: `${tag}:lanes`,
    lane: (lane) => `${tag}:lane:${lane}`,
    schedule: (name) => `${tag}:schedule:${name}`,
    state: (name) => `${tag}:state:${name}`,
    lease: (name) => `${tag}:lease:${name}`,
    runLease: (runId) => `${tag}:run-lease:${runId}`,
    minute: (number) => `${tag}:minute:${number}`,
    history: (name) => `${tag}:history:${name}`,
    changes: (name) => `${tag}:changes:${name}`,
    backfill: (name) => `${tag}:backfill:${name}`,
    busy: (task) => `${tag}:busy:${task}`,
    start: (runId, attempt, delivery) => `${tag}:start:${runId}:${attempt}:${delivery}`,
    worker: (id) => `${tag}:worker:${id}`,
  }
}

/** The shard of a schedule: FNV-1a over the UTF-8 bytes of its name, modulo the number of shards. */
export function shardOf(name: string, shards: number): number {
  if (shards === 1) return 0
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash % shards
}
