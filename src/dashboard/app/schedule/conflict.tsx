import type { ApiError } from '../api.js'
import type { Definition } from '../model.js'
import { Icon } from '../parts/icon.js'
import { Diff } from './changes.js'
import { diffOf } from './definition-diff.js'

interface Props {
  readonly problem: ApiError
  readonly mine: Definition
  onTheirs(theirs: Definition, revision: number): void
  onMine(theirs: Definition, revision: number): void
}

/** Shown when another edit was saved first: the differences of the two, and the choice between them. */
export function ConflictPanel({ problem, mine, onTheirs, onMine }: Props) {
  const theirs = (problem.problem['theirs'] ?? {}) as Definition
  const revision = Number(problem.problem['revision'] ?? 0)
  return (
    <section class="panel conflict" role="alert">
      <div class="panel-head">
        <h2>
          <Icon name="alert" /> Somebody else saved this schedule while you edited it
        </h2>
      </div>
      <div class="panel-body">
        <p class="soft">Their values are red, yours are green. Your edit is not saved yet.</p>
        <Diff diff={diffOf(theirs, mine)} />
        <div class="chips">
          <button type="button" class="button" onClick={() => onTheirs(theirs, revision)}>
            Take theirs
          </button>
          <button type="button" class="button" onClick={() => onMine(theirs, revision)}>
            Keep mine, and compare it with theirs
          </button>
        </div>
      </div>
    </section>
  )
}
