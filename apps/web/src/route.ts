/** Where in the application the reader is: the part of the address after the #, which no server is told. */
import { useSyncExternalStore } from 'react'

export interface Place {
  readonly role: 'clinician' | 'ledger' | 'patient' | null
  readonly page: string
}

const roles = ['clinician', 'ledger', 'patient'] as const

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  const [, first = '', page = ''] = /^#\/([a-z]+)\/?([a-z-]*)$/.exec(hash) ?? []
  return { role: roles.find((role) => role === first) ?? null, page }
}
