// Next.js calls `register` once for each server process, before the first request.
export async function register(): Promise<void> {
  // The edge runtime, and `next build` while it collects pages, start no worker.
  if (process.env.NEXT_RUNTIME !== 'nodejs' || process.env.NEXT_PHASE === 'phase-production-build') return
  const { startBeat } = await import('./beat.js')
  await startBeat()
}
