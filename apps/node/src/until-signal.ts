/** Resolves when the process is told to end. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    // Not once: a terminal and the command in front of this process may both send the signal.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
}
