export type { JobsOptions } from 'bullmq'
