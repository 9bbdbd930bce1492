import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { PROJECT_DIR } from '../../support/build.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { MAIN } from '../cli-runner.js'

const redis = useRedis()

describe('docs/examples/gitops', () => {
  it('the gitops example checks the files, applies them, and removes schedules that no file has, but none of other owners', async () => {
    const prefix = uniquePrefix('gitops')
    const dir = mkdtempSync(join(tmpdir(), 'everybeat-gitops-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    cpSync(join(PROJECT_DIR, 'docs/examples/gitops'), dir, { recursive: true })
    const deploy = (what: string) => runDeploy(dir, what, prefix)
    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    await beat.schedules.put('of-somebody-else', { every: '1h', owner: 'billing' })

    const checked = await deploy('check')
    expect(checked).toMatchObject({ exitCode: 0 })
    expect(checked.stdout).toContain('daily-report')
    expect(await beat.schedules.count()).toBe(1)

    expect(await deploy('apply')).toMatchObject({ exitCode: 0 })
    expect(await beat.schedules.get('daily-report')).toMatchObject({ cron: '0 9 * * 1-5', owner: 'gitops' })
    expect(await beat.schedules.count()).toBe(4)

    unlinkSync(join(dir, 'schedules/upkeep.yaml'))
    expect(await deploy('apply')).toMatchObject({ exitCode: 0 })
    expect(await beat.schedules.get('clean-up')).toBeNull()
    expect(await beat.schedules.get('of-somebody-else')).not.toBeNull()

    writeFileSync(join(dir, 'schedules/wrong.yaml'), 'schedules:\n  nightly:\n    cron: 0 25 * * *\n')
    const refused = await deploy('check')
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stdout + refused.stderr).toMatch(/wrong\.yaml/)
  })
})

function runDeploy(dir: string, what: string, prefix: string) {
  const env = {
    PATH: process.env.PATH,
    REDIS_URL: redis.url,
    EVERYBEAT: `${process.execPath} ${MAIN} --prefix ${prefix}`,
  }
  return new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
    execFile(join(dir, 'deploy.sh'), [what], { env }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}
