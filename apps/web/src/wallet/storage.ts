/** Where the browser keeps a wallet: IndexedDB, everything sealed before it comes here. */

/** How the data key of a wallet is kept. */
export type Lock =
  /** A key that this browser keeps and never shows: whoever can use this browser can open the wallet. */
  | { readonly type: 'device'; readonly key: CryptoKey }
  /** The data key, wrapped under what a passkey gives (WebAuthn Level 3, extension `prf`). */
  | {
      readonly type: 'passkey'
      readonly credential: Uint8Array<ArrayBuffer>
      readonly salt: Uint8Array<ArrayBuffer>
      readonly wrapped: Sealed
    }

/** AES-256-GCM with a random 96-bit nonce. */
export interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface StoredWallet {
  readonly lock: Lock
  readonly sealed: Sealed
}

const name = 'plexus'
const version = 1

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, version)
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('wallets')
      opening.result.createObjectStore('bundles')
    }
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
}

async function run<Value>(
  store: 'bundles' | 'wallets',
  mode: IDBTransactionMode,
  step: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const open = await database()
  try {
    return await new Promise<Value>((resolve, reject) => {
      const transaction = open.transaction(store, mode, { durability: 'strict' })
      const request = step(transaction.objectStore(store))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    open.close()
  }
}

export const storedWallet = (chain: string): Promise<StoredWallet | undefined> =>
  run('wallets', 'readonly', (store) => store.get(chain) as IDBRequest<StoredWallet | undefined>)

/** Durable when it resolves. */
export async function storeWallet(chain: string, wallet: StoredWallet): Promise<void> {
  await run('wallets', 'readwrite', (store) => store.put(wallet, chain))
}

export async function storeBundle(key: string, sealed: Sealed): Promise<void> {
  await run('bundles', 'readwrite', (store) => store.put(sealed, key))
}

export const storedBundle = (key: string): Promise<Sealed | undefined> =>
  run('bundles', 'readonly', (store) => store.get(key) as IDBRequest<Sealed | undefined>)

/** Everything of this browser goes: wallet, bundles, keys. */
export async function forgetAll(): Promise<void> {
  await run('wallets', 'readwrite', (store) => store.clear())
  await run('bundles', 'readwrite', (store) => store.clear())
}
