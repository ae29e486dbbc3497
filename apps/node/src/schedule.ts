/** Calls back after so many milliseconds, or in the next turn for none; what is returned takes the call back. */
export function schedule(callback: () => void, milliseconds: number): () => void {
  // A timer takes a millisecond at least, and a click would wait for several of them.
  if (milliseconds === 0) {
    const turn = setImmediate(callback)
    return () => clearImmediate(turn)
  }
  const timer = setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}
