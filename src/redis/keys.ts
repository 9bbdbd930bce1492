/** The names of every key of one shard; each carries the same hash tag, so that a script may touch them together. */
export interface Keys {
  readonly tag: string
  readonly due: string
  readonly pending: string
  readonly running: string
  readonly names: string
  /** The schedules that are not active, and why. */
  readonly inactive: string
  readonly workers: string
  readonly ranks: string
  readonly meta: string
  readonly upkeep: string
  /** A stream that exists while a worker tries what the server allows. */
  readonly probe: string
  /** The channel that tells the fleet of a new head, of changes and of cancelled runs. */
  readonly wake: string
  /** The task queues in which work is parked until a worker with their task has room; the key says `lanes`. */
  readonly lanes: string
  lane(lane: string): string
  schedule(name: string): string
  state(name: string): string
  lease(name: string): string
  runLease(runId: string): string
  history(name: string): string
  /** The last edits of a schedule, and what code declared of it. */
  changes(name: string): string
  /** What became of occurrences in a minute, by its number since the epoch. */
  minute(number: number): string
  /** Backfilled occurrences that wait for their turn. */
  backfill(name: string): string
  /** Runs that hold a slot of a task with a fleet-wide limit. */
  busy(task: string): string
  /** One start of a run, on the lock nodes: each attempt and each delivery may be started once. */
  start(runId: string, attempt: number, delivery: number): string
  /** The record of a worker; the channel of the same name is where its connection shows that it lives. */
  worker(id: string): string
}

/** Names the keys of a shard: `{prefix}:…`, with several shards `{prefix:0}:…`, `{prefix:1}:…`. */
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
