export { attach } from './attach.js'
export type { Attachment, QueueWorker } from './attach.js'
export { enqueue } from './enqueue.js'
export type { EnqueueOptions, JobQueue } from './enqueue.js'
