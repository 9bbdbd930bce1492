import { formatDuration } from '../../time/duration.js'
import type { Finding } from './finding.js'
import type { FleetLayout, ServerFacts } from '../store.js'

/** The oldest server that has what the scripts and the watch over edits need. */
const OLDEST_MAJOR = 6
/** A round trip that takes longer is worth a word, ms: it delays every start after the first claim. */
const SLOW_MS = 5
/** Of the memory that a server may use. */
const FULL_SHARE = 0.9

/** Judges the server that the fleet is on. */
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

/** Judges whether the keys are those of this version and this number of shards. */
export function diagnoseLayout({ known, wantedShards, found }: FleetLayout): Finding {
  const check = 'layout'
  if (found === null) return { check, level: 'ok', message: 'no worker has been under this prefix yet' }
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
      why: 'no worker may join, write or run until that is done',
      advice: `wait for it; if no process moves them any more, everybeat reshard ${change[2]} brings it to its end`,
    }
  }
  if (found.shards !== String(wantedShards)) {
    return {
      check,
      level: 'problem',
      message: `the fleet under this prefix has ${found.shards} shards, ${wantedShards} were given`,
      why: 'with another number the schedules are looked for under other keys',
      advice: `set \`shards\` to ${found.shards} (on the command line: --shards ${found.shards})`,
    }
  }
  return {
    check,
    level: 'ok',
    message: `layout ${found.layout}, ${found.shards === '1' ? '1 shard' : `${found.shards} shards`}`,
  }
}

/** What the server refuses of that which scripts need. */
function refusals({ refused, isReplica }: ServerFacts): Finding[] {
  // A replica refuses every write, and is a finding of its own.
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
      message: 'the version of the server cannot be seen',
      why: 'this user may not use INFO; several checks below need it',
      advice: 'give the user +info, or run this as another user',
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
    advice: 'run the workers near Redis, or look what holds it up (`redis-cli --latency`, SLOWLOG GET)',
  }
}

/** A worker without runs says something every 5 s: its heartbeat. */
const LEAST_TIMEOUT_S = 6

function idle({ idleTimeoutS }: ServerFacts): Finding[] {
  if (idleTimeoutS === null || idleTimeoutS === 0 || idleTimeoutS >= LEAST_TIMEOUT_S) return []
  return [
    {
      check: 'timeout',
      level: 'warning',
      message: `the server closes a connection that is idle for ${idleTimeoutS} s (timeout)`,
      why: 'a worker without runs speaks every 5 s: it loses its connection before each heartbeat, and says so each time',
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
      message: `maxmemory-policy is ${policy}${isLimited ? '' : ', though there is no limit of memory yet'}`,
      why: 'under pressure the server throws schedules away, or leases: then runs are abandoned or overlap although no worker died',
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
      why: 'when it is full the server refuses writes, and nothing can be claimed',
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
        message: 'the server could not write to its disk the last time it tried',
        why: 'it may refuse writes until it can, and forgets what it has when it restarts',
        advice: 'look at the log of the server, and at the space on its disk',
      },
    ]
  }
  if (appendOnly === null) return []
  if (appendOnly) return [{ check, level: 'ok', message: 'the append-only file is on' }]
  const rest =
    snapshots === null
      ? 'whether it takes snapshots cannot be seen'
      : snapshots
        ? 'there are snapshots only'
        : 'there are no snapshots either'
  return [
    {
      check,
      level: 'warning',
      message: `the append-only file is off, ${rest}`,
      why: `after a restart the server has forgotten ${snapshots === false ? 'everything' : 'what came after the last snapshot'}: schedules that are not declared in code, pauses, history, and which occurrences ran`,
      advice: 'CONFIG SET appendonly yes, and in the configuration file too; on a hosted Redis switch persistence on',
    },
  ]
}

/** The writes in between are lost, and no other finding says so. */
function rewind({ rewind: found }: ServerFacts): Finding[] {
  if (found === null) return []
  const to = found.to === null ? 'to before its workers joined' : `to ${new Date(found.to).toISOString()}`
  return [
    {
      check: 'rewind',
      level: 'warning',
      message: `at ${new Date(found.at).toISOString()} the dataset went back ${to}`,
      why: 'a replica that lagged took over, or a backup was restored: edits, pauses, removals and runs in between are forgotten, and occurrences of that time may have run twice',
      advice:
        'look at the schedules that people changed in between; `durability` or `lockNodes` keep runs from starting twice, and a server that waits for its replicas keeps the rest',
    },
  ]
}

function edits({ tracking, notifications, isCluster }: ServerFacts): Finding {
  const check = 'edits'
  if (tracking.allowed)
    return { check, level: 'ok', message: 'edits by plain commands are seen as they happen (key tracking)' }
  if (!isCluster && notifications !== null && tellsOfHashes(notifications)) {
    return { check, level: 'ok', message: 'edits by plain commands are seen as they happen (keyspace notifications)' }
  }
  return {
    check,
    level: 'warning',
    message: `edits by plain commands are seen by the sweep only: key tracking cannot be used (${tracking.why})`,
    why: `a bare HSET or DEL takes effect within about ${formatDuration(10_000)} instead of a second; edits through Everybeat are not concerned`,
    advice: isCluster
      ? 'nothing, or edit through Everybeat'
      : 'give the user +client|tracking, +client|id and the channel &__redis__:invalidate (see doctor --acl)',
  }
}

/** Keyspace events of hashes and of generic commands such as DEL. */
function tellsOfHashes(flags: string): boolean {
  return flags.includes('K') && (flags.includes('A') || (flags.includes('h') && flags.includes('g')))
}
