import { writeSync } from 'node:fs'

/** Why a test is skipped in the project on the memory store: the same test runs on redis-server in the project `redis`. */
const RUNS_ON_REDIS = 'the memory store has no '

/**
 * Prints `N passed, N failed, N skipped` as the very last line of a run. A file, suite or hook that broke outside of
 * its tests counts as one failed: the line never says 0 failed when the exit code says otherwise. A test that runs on
 * redis-server alone is not counted a second time, as skipped, for the memory store.
 */
export default class SummaryReporter {
  #counts = { passed: 0, failed: 0, skipped: 0 }
  #isWatching = false

  onInit(vitest) {
    this.#isWatching = vitest.config.watch
    // The default reporter also writes after the end of the run; at the exit of the process no reporter writes.
    process.once('exit', (exitCode) => {
      if (this.#isWatching) return
      if (exitCode !== 0 && this.#counts.failed === 0) this.#counts.failed = 1
      this.#print()
    })
  }

  onTestRunEnd(modules, unhandledErrors) {
    this.#counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      this.#counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) this.#counts.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state, note } = test.result()
        if (state === 'skipped' && module.project.name === 'redis-memory' && note?.startsWith(RUNS_ON_REDIS)) continue
        this.#counts[state === 'pending' ? 'skipped' : state] += 1
      }
    }
    if (this.#isWatching) this.#print()
  }

  #print() {
    const { passed, failed, skipped } = this.#counts
    const line = `${passed} passed, ${failed} failed, ${skipped} skipped\n`
    try {
      writeSync(1, line)
    } catch {
      // A full pipe refuses a direct write; the stream waits for it.
      process.stdout.write(line)
    }
  }
}
