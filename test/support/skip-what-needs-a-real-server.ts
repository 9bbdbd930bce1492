import { beforeEach } from 'vitest'
import { TESTS_THAT_NEED_A_REAL_SERVER } from './needs-a-real-server.js'

// A set-up file of the project that runs on the memory store.
beforeEach(({ task, skip }) => {
  const found = Object.entries(TESTS_THAT_NEED_A_REAL_SERVER).find(([part]) => task.name.includes(part))
  if (found) skip(`the memory store has no ${found[1]}`)
})
