import { useEffect } from 'react'

/** A shared workstation locks after two minutes without a hand on it (security: idle lock), and half a minute out of sight. */
const idleMilliseconds = 120_000
const hiddenMilliseconds = 30_000
const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/** Calls `lock` when nobody is there any more; other windows of this origin are told to do the same. */
export function useIdleLock(active: boolean, lock: () => void): void {
  useEffect(() => {
    if (!active) return
    const others = new BroadcastChannel('plexus-lock')
    let timer = 0
    const close = (): void => {
      others.postMessage('lock')
      lock()
    }
    const wait = (milliseconds: number): void => {
      clearTimeout(timer)
      timer = window.setTimeout(close, milliseconds)
    }
    const stir = (): void => wait(idleMilliseconds)
    const turn = (): void => wait(document.visibilityState === 'hidden' ? hiddenMilliseconds : idleMilliseconds)
    others.onmessage = () => lock()
    for (const sign of signs) document.addEventListener(sign, stir, { passive: true })
    document.addEventListener('visibilitychange', turn)
    stir()
    return () => {
      clearTimeout(timer)
      others.close()
      for (const sign of signs) document.removeEventListener(sign, stir)
      document.removeEventListener('visibilitychange', turn)
    }
  }, [active, lock])
}
