// Loaded before a worker's own module: ends the worker when the test process has ended, for whatever cause.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Listening must not keep a worker alive that has nothing left to do.
process.channel?.unref()
