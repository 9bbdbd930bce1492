// A balance that is written under a fence: a worker that was frozen, lost its lease and wakes up again changes nothing.
import pg from 'pg'
import { Everybeat, type Run } from 'everybeat'

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL })
await database.query(`CREATE TABLE IF NOT EXISTS balance (
  account text PRIMARY KEY, amount bigint NOT NULL, fence bigint NOT NULL, run text NOT NULL)`)

/** Writes once for each run, and never with a lower fence than the last write. */
async function writeBalance(run: Run<{ account: string }>, amount: number): Promise<boolean> {
  const { rowCount } = await database.query(
    `INSERT INTO balance AS old (account, amount, fence, run) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE SET amount = old.amount + excluded.amount, fence = excluded.fence, run = excluded.run
     WHERE old.fence < excluded.fence AND old.run <> excluded.run`,
    [run.payload.account, amount, run.fence, run.id],
  )
  return rowCount === 1
}

const beat = new Everybeat({ prefix: process.env.PREFIX })
const interest = beat.task<{ account: string }>('interest', async (run) => {
  const written = await writeBalance(run, 5)
  console.log(`${run.id} with fence ${run.fence}: ${written ? 'written' : 'refused'}`)
  return { written }
})
await interest.schedule('interest', { every: '1s', payload: { account: 'savings' }, onCrash: 'rerun' })
await beat.start()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void beat.stop().then(() => database.end()))
