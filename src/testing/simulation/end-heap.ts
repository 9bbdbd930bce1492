/** A running run and its end. */
export interface Going {
  endsAt: number
  readonly schedule: number
  /** Whether it was replaced or lost, so that its end is ignored. */
  isOver: boolean
}

/** Runs by their ends, the first one on top. */
export class EndHeap {
  readonly #items: Going[] = []

  get first(): Going | undefined {
    return this.#items[0]
  }

  add(going: Going): void {
    const items = this.#items
    let at = items.push(going) - 1
    for (let parent = (at - 1) >> 1; at > 0 && items[parent]!.endsAt > going.endsAt; parent = (at - 1) >> 1) {
      items[at] = items[parent]!
      at = parent
    }
    items[at] = going
  }

  /** Removes and gives the run that ends first. */
  take(): Going | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (!first || items.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && items[child + 1]!.endsAt < items[child]!.endsAt) child += 1
      if (items[child]!.endsAt >= last!.endsAt) break
      items[at] = items[child]!
      at = child
    }
    items[at] = last!
    return first
  }

  /** The runs, in no order. */
  get all(): readonly Going[] {
    return this.#items
  }
}
