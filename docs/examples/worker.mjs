// A worker in plain JavaScript: everybeat worker docs/examples/worker.mjs

/** @param {import('everybeat').Everybeat} beat */
export default async function setUp(beat) {
  const greet = beat.task('greet', (run) => {
    console.log(`${run.scheduledAt.toISOString()} hello, ${run.payload.name}`)
    return { greeted: run.payload.name }
  })
  await greet.schedule('greet-the-world', { every: '1s', payload: { name: 'world' } })
}
