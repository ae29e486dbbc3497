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
  // An employer's link is a clinician's; it is taken out of the address before anything else is shown.
  if (hash.startsWith('#passkey=')) return { role: 'clinician', page: '' }
  const [, first = '', page = ''] = /^#\/([a-z]+)\/?([a-z-]*)$/.exec(hash) ?? []
  return { role: roles.find((role) => role === first) ?? null, page }
}
