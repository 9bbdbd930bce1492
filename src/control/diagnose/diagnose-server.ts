import { formatDuration } from '../../time/duration.js'
import type { Finding } from './finding.js'
import type { FleetLayout, ServerFacts } from '../store.js'

/** The oldest major version of a server with all features that the scripts and the definition watch need. */
const OLDEST_MAJOR = 6
/** Round trip that is reported as slow, ms: each start after the first claim waits for one. */
const SLOW_MS = 5
/** Share of `maxmemory` that is reported as full. */
const FULL_SHARE = 0.9

/** Makes the findings about the server of the fleet. */
export function diagnoseServer(facts: ServerFacts): Finding[] {
  return [
    version(facts),
    refusals(facts),
    latency(facts),
    eviction(facts),
    memory(facts),
    persistence(facts),
    rewind(facts),
    edits(facts),
    idle(facts),
  ].flat()
}

/** Makes the finding whether the keys have the layout of this version and the expected number of shards. */
export function diagnoseLayout({ known, wantedShards, found }: FleetLayout): Finding {
  const check = 'layout'
  if (found === null) return { check, level: 'ok', message: 'no worker has used this prefix yet' }
  if (found.layout !== known) {
    return {
      check,
      level: 'problem',
      message: `the keys under this prefix have layout ${found.layout}, this version knows layout ${known}`,
      why: 'a worker of this version refuses to start',
      advice: 'use the version of Everybeat that the fleet has, or another prefix',
    }
  }
  const change = /^resharding (\d+) (\d+)$/.exec(found.shards)
  if (change) {
    return {
      check,
      level: 'problem',
      message: `the fleet is being moved from ${change[1]} to ${change[2]} shards`,
      why: 'no worker may join, write or run until the move ends',
      advice: `wait until it ends; if no process moves the schedules any more, everybeat reshard ${change[2]} completes the move`,
    }
  }
  if (found.shards !== String(wantedShards)) {
    return {
      check,
      level: 'problem',
      message: `the fleet under this prefix has ${found.shards} shards, but \`shards\` is ${wantedShards}`,
      why: 'the number of shards decides the keys, so with another number the schedules are not found',
      advice: `set \`shards\` to ${found.shards} (on the command line: --shards ${found.shards})`,
    }
  }
  return {
    check,
    level: 'ok',
    message: `layout ${found.layout}, ${found.shards === '1' ? '1 shard' : `${found.shards} shards`}`,
  }
}

/** The features that the scripts need and the server refuses. */
function refusals({ refused, isReplica }: ServerFacts): Finding[] {
  // A replica refuses every write and has its own finding.
  return (isReplica ? [] : refused).map(({ what, isEssential, why, advice, answer }) => ({
    check: 'server',
    level: isEssential ? 'problem' : 'warning',
    message: `the server refuses ${what}: ${answer}`,
    why,
    advice,
  }))
}

function version({ version: text, isReplica }: ServerFacts): Finding {
  const check = 'server'
  if (isReplica) {
    return {
      check,
      level: 'problem',
      message: 'this server is a replica',
      why: 'it refuses writes, so nothing can be claimed',
      advice: 'connect to its primary, or through Sentinel',
    }
  }
  if (text === null) {
    return {
      check,
      level: 'warning',
      message: 'the version of the server is unknown',
      why: 'the Redis user may not call INFO, which several checks need',
      advice: 'give the user +info, or run doctor as another user',
    }
  }
  if (Number.parseInt(text, 10) < OLDEST_MAJOR) {
    return {
      check,
      level: 'problem',
      message: `the server has version ${text}`,
      why: `Everybeat needs ${OLDEST_MAJOR} or newer`,
      advice: 'upgrade the server',
    }
  }
  return { check, level: 'ok', message: `version ${text}` }
}

function latency({ latencyMs: { medianMs, worstMs } }: ServerFacts): Finding {
  const took = `a round trip takes ${medianMs.toFixed(1)} ms, the slowest of 20 took ${worstMs.toFixed(1)} ms`
  if (medianMs <= SLOW_MS) return { check: 'latency', level: 'ok', message: took }
  return {
    check: 'latency',
    level: 'warning',
    message: took,
    why: 'each claim, settlement and extension of a lease waits for one',
    advice: 'run the workers near Redis, or find out what delays it (`redis-cli --latency`, SLOWLOG GET)',
  }
}

/**
 * Shortest idle time-out of a server that a worker bears, s: a worker without runs sends only a heartbeat every 5 s.
 */
const LEAST_TIMEOUT_S = 6

function idle({ idleTimeoutS }: ServerFacts): Finding[] {
  if (idleTimeoutS === null || idleTimeoutS === 0 || idleTimeoutS >= LEAST_TIMEOUT_S) return []
  return [
    {
      check: 'timeout',
      level: 'warning',
      message: `the server closes connections that are idle for ${idleTimeoutS} s (timeout)`,
      why: 'a worker without runs sends a heartbeat every 5 s: the server closes its connection before each heartbeat, and the worker reports each loss',
      advice: 'CONFIG SET timeout 0, or 60 and more, and in the configuration file too',
    },
  ]
}

function eviction({ evictionPolicy: policy, maxMemory }: ServerFacts): Finding[] {
  if (policy === null) return []
  if (policy === 'noeviction') return [{ check: 'eviction', level: 'ok', message: 'maxmemory-policy is noeviction' }]
  const isLimited = maxMemory !== 0
  return [
    {
      check: 'eviction',
      level: isLimited ? 'problem' : 'warning',
      message: `maxmemory-policy is ${policy}${isLimited ? '' : ', but maxmemory is not set yet'}`,
      why: 'when memory is full the server evicts schedules or leases: then runs are abandoned or overlap although no worker died',
      advice: 'CONFIG SET maxmemory-policy noeviction, and in the configuration file too',
    },
  ]
}

function memory({ maxMemory, usedMemory }: ServerFacts): Finding[] {
  if (!maxMemory || usedMemory === null || usedMemory < maxMemory * FULL_SHARE) return []
  return [
    {
      check: 'memory',
      level: 'problem',
      message: `${Math.floor((usedMemory / maxMemory) * 100)} % of maxmemory are in use`,
      why: 'when memory is full the server refuses writes, and nothing can be claimed',
      advice: 'raise maxmemory, or remove what is not needed any more (`removeAfter` cleans up finished schedules)',
    },
  ]
}

function persistence({ appendOnly, snapshots, lastSaveFailed }: ServerFacts): Finding[] {
  const check = 'persistence'
  if (lastSaveFailed) {
    return [
      {
        check,
        level: 'problem',
        message: 'the last write of the server to its disk failed',
        why: 'the server may refuse writes until a write succeeds, and loses its data when it restarts',
        advice: 'check the log of the server and the free space of its disk',
      },
    ]
  }
  if (appendOnly === null) return []
  if (appendOnly) return [{ check, level: 'ok', message: 'the append-only file is on' }]
  const rest =
    snapshots === null
      ? 'whether the server takes snapshots is unknown'
      : snapshots
        ? 'the server only takes snapshots'
        : 'the server takes no snapshots either'
  return [
    {
      check,
      level: 'warning',
      message: `the append-only file is off, ${rest}`,
      why: `a restart of the server loses ${snapshots === false ? 'everything' : 'all changes since the last snapshot'}: schedules that are not declared in code, pauses, history, and which occurrences ran`,
      advice: 'CONFIG SET appendonly yes, and in the configuration file too; on a hosted Redis switch persistence on',
    },
  ]
}

/**
 * The finding about a dataset that went back in time: the writes of that time are lost, and no other finding says so.
 */
function rewind({ rewind: found }: ServerFacts): Finding[] {
  if (found === null) return []
  const to = found.to === null ? 'to before its workers joined' : `to ${new Date(found.to).toISOString()}`
  return [
    {
      check: 'rewind',
      level: 'warning',
      message: `at ${new Date(found.at).toISOString()} the dataset was set back ${to}`,
      why: 'a replica that lagged behind took over, or a backup was restored: edits, pauses, removals and runs of the lost time are missing, and occurrences of that time may have run twice',
      advice:
        'check the schedules that people changed in the lost time; `durability` or `lockNodes` keep runs from starting twice, and a server that waits for its replicas keeps all writes',
    },
  ]
}

function edits({ tracking, notifications, isCluster }: ServerFacts): Finding {
  const check = 'edits'
  if (tracking.allowed)
    return { check, level: 'ok', message: 'workers notice edits by plain commands at once (key tracking)' }
  if (!isCluster && notifications !== null && tellsOfHashes(notifications)) {
    return { check, level: 'ok', message: 'workers notice edits by plain commands at once (keyspace notifications)' }
  }
  return {
    check,
    level: 'warning',
    message: `workers notice edits by plain commands only in their regular check of all definitions: key tracking cannot be used (${tracking.why})`,
    why: `a bare HSET or DEL takes effect within about ${formatDuration(10_000)} instead of a second; edits through Everybeat are not affected`,
    advice: isCluster
      ? 'nothing, or edit through Everybeat'
      : 'give the user +client|tracking, +client|id and the channel &__redis__:invalidate (see doctor --acl)',
  }
}

/** Whether keyspace notifications cover hashes and generic commands such as DEL. */
function tellsOfHashes(flags: string): boolean {
  return flags.includes('K') && (flags.includes('A') || (flags.includes('h') && flags.includes('g')))
}
