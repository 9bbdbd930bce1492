import type { Cluster, Redis } from 'ioredis'
import type { DefinitionListener } from '../../worker/listeners.js'
import { listenTo, stopListening } from '../connection/client-events.js'
import type { Watch } from './definition-listener.js'

/** The watch of one primary, and whether it reports edits. */
interface NodeWatch {
  isWatching: boolean
  watch: Watch | null
}

/**
 * Watches every primary of a Cluster, each on its own connection, and follows changes of the primaries. It reports that
 * it is watching while all primaries are watched.
 */
export class ClusterWatch implements Watch {
  readonly #cluster: Cluster
  readonly #watchNode: (primary: Redis, listener: DefinitionListener) => Watch
  readonly #listener: DefinitionListener
  /** The watches by the address of their primary. */
  readonly #watches = new Map<string, NodeWatch>()
  /** The last report to the listener whether this watch is watching. */
  #wasWatching = false
  /** Bound, for ioredis removes a listener by its identity. */
  readonly #onRefresh = () => this.#followTopology()

  /** @param watchNode begins to watch one primary, and closes its own connection */
  constructor(
    cluster: Cluster,
    watchNode: (primary: Redis, listener: DefinitionListener) => Watch,
    listener: DefinitionListener,
  ) {
    this.#cluster = cluster
    this.#watchNode = watchNode
    this.#listener = listener
    // The client reads the topology again when a command shows that it has changed.
    listenTo(cluster, 'refresh', this.#onRefresh)
    this.#followTopology()
  }

  /** Expects no echo: a subscription to a Cluster may be at a node that receives the echo later. */
  expectEcho(): void {}

  async stop(): Promise<void> {
    stopListening(this.#cluster, 'refresh', this.#onRefresh)
    const all = [...this.#watches.values()]
    this.#watches.clear()
    await Promise.all(all.flatMap(({ watch }) => watch?.stop() ?? []))
  }

  #followTopology(): void {
    const primaries = new Map(this.#cluster.nodes('master').map((node) => [addressOf(node), node]))
    for (const [address, { watch }] of this.#watches) {
      if (primaries.has(address)) continue
      this.#watches.delete(address)
      void watch?.stop()
    }
    for (const [address, node] of primaries) if (!this.#watches.has(address)) this.#begin(address, node)
    this.#report()
  }

  #begin(address: string, primary: Redis): void {
    const entry: NodeWatch = { isWatching: false, watch: null }
    this.#watches.set(address, entry)
    entry.watch = this.#watchNode(primary, {
      // A spread would omit the methods of a listener that is an instance of a class.
      onDefinition: (shard, schedule) => this.#listener.onDefinition(shard, schedule),
      onFlush: () => this.#listener.onFlush(),
      onWatching: (isWatching) => {
        if (this.#watches.get(address) !== entry) return
        entry.isWatching = isWatching
        this.#report()
      },
    })
  }

  #report(): void {
    const all = [...this.#watches.values()]
    const isWatching = all.length > 0 && all.every((each) => each.isWatching)
    if (isWatching === this.#wasWatching) return
    this.#wasWatching = isWatching
    this.#listener.onWatching(isWatching)
  }
}

function addressOf({ options }: Redis): string {
  return `${options.host ?? ''}:${options.port ?? ''}`
}
