// Loaded before a worker's own module: when the test process is gone, however it went, so is the worker.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Listening must not keep a worker alive that has nothing left to do.
process.channel?.unref()
