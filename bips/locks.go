package bips

// LockDescriptorHook, if set before the first pool is opened, is told of every
// descriptor that holds or probes a lock when it is opened and before it is closed.
// A process that may fork without exec must close them in the child, since a lock
// lives as long as any process has its descriptor.
var LockDescriptorHook func(fd int, opened bool)
