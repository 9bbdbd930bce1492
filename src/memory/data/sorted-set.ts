/** One member of a sorted set. */
export interface Ranked {
  readonly member: string
  readonly score: number
}

/** Members in the order of their scores; equal scores are ordered by bytes. */
export class SortedSet {
  /** The score of each member. */
  readonly #scores = new Map<string, number>()
  /** All members in order. */
  readonly #order: Ranked[] = []

  get size(): number {
    return this.#scores.size
  }

  /** The members in order; callers must not change the list. */
  get order(): readonly Ranked[] {
    return this.#order
  }

  scoreOf(member: string): number | undefined {
    return this.#scores.get(member)
  }

  /** Adds a member, or moves it to another score. */
  set(member: string, score: number): void {
    const former = this.#scores.get(member)
    if (former === score) return
    if (former !== undefined) this.#order.splice(this.rankFrom(former, member), 1)
    this.#scores.set(member, score)
    const last = this.#order.at(-1)
    const entry = { member, score }
    // Most additions are the last in the order, which needs no search.
    if (!last || last.score < score || (last.score === score && last.member < member)) this.#order.push(entry)
    else this.#order.splice(this.rankFrom(score, member), 0, entry)
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member)
    if (score === undefined) return false
    this.#scores.delete(member)
    this.#order.splice(this.rankFrom(score, member), 1)
    return true
  }

  /** The rank of a member, from 0; null for a missing member. */
  rankOf(member: string): number | null {
    const score = this.#scores.get(member)
    return score === undefined ? null : this.rankFrom(score, member)
  }

  /** The rank of the first entry that does not precede this score and member. */
  rankFrom(score: number, member: string): number {
    return this.firstWhere((entry) => entry.score > score || (entry.score === score && entry.member >= member))
  }

  /** The rank of the first entry with a property, which all later entries must have too. */
  firstWhere(has: (entry: Ranked) => boolean): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (has(this.#order[middle]!)) high = middle
      else low = middle + 1
    }
    return low
  }
}
