import { reach } from './reach.ts'
import { accepted, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'

const key = new Uint8Array(32).fill(9)

export const sealedTargets: readonly Target[] = [
  {
    name: 'crypto/proofs',
    reads: 'audit and consistency paths of RFC 6962, from another member',
    covers: ['packages/crypto/src/merkle.ts#verifyMerklePath', 'packages/crypto/src/merkle.ts#verifyMerkleConsistency'],
    async load() {
      const crypto = await import('@plexus/crypto')
      const { concatBytes, equalBytes } = await import('@plexus/codec')
      const leaves = Array.from({ length: 13 }, (_, index) => Uint8Array.of(index))
      const roots = leaves.map((_, at) => crypto.merkleRoot(leaves.slice(0, at + 1)))
      const claims = [5, 8, 12].map((index) =>
        concatBytes(Uint8Array.of(index, 13, 0), ...crypto.merklePath(leaves, index)),
      )
      const growths = [4, 7, 8].map((size) =>
        concatBytes(Uint8Array.of(size, 13, 1), ...crypto.merkleConsistency(leaves, size)),
      )
      return {
        shape: 'binary',
        seeds: [...claims, ...growths],
        run(bytes) {
          const [first = 0, size = 0, kind = 0] = bytes
          const path: Uint8Array[] = []
          for (let at = 3; at + 32 <= bytes.length; at += 32) path.push(bytes.slice(at, at + 32))
          const root = roots[size - 1] ?? key
          if (kind % 2 === 0) {
            const leaf = leaves[first] ?? key
            if (!crypto.verifyMerklePath({ leaf, index: first, size, path, root })) return refused('path')
            if (!equalBytes(concatBytes(...path), concatBytes(...crypto.merklePath(leaves.slice(0, size), first))))
              throw new Error('another path leads to the root')
            return accepted
          }
          const before = roots[first - 1] ?? key
          const claim = { sizeBefore: first, rootBefore: before, sizeAfter: size, rootAfter: root, proof: path }
          return crypto.verifyMerkleConsistency(claim) ? accepted : refused('consistency')
        },
      }
    },
  },
  {
    name: 'crypto/signature',
    reads: 'public keys and signatures, from anybody: what holds, holds once',
    covers: [
      'packages/crypto/src/ed25519.ts#verify',
      'packages/crypto/src/ed25519.ts#checkLongLivedKey',
      'packages/crypto/src/ed25519.ts#checkOneTimeKey',
    ],
    async load() {
      const { checkLongLivedKey, checkOneTimeKey, publicKeyOf, sign, verify } = await import('@plexus/crypto')
      const { concatBytes, equalBytes, utf8 } = await import('@plexus/codec')
      const message = utf8('a message')
      const own = concatBytes(publicKeyOf(key), sign(key, message))
      return {
        shape: 'binary',
        seeds: [own, new Uint8Array(96), new Uint8Array(96).fill(255)],
        run(bytes) {
          const [publicKey, signature] = [bytes.slice(0, 32), bytes.slice(32)]
          checkLongLivedKey(publicKey)
          checkOneTimeKey(publicKey)
          if (!verify(publicKey, message, signature)) return refused('does not hold')
          if (!equalBytes(bytes, own)) throw new Error('another signature holds')
          return accepted
        },
      }
    },
  },
  {
    name: 'crypto/sealing-key',
    reads: 'a public key for sealing, from another member or a wallet',
    covers: ['packages/crypto/src/seal.ts#checkSealingKey'],
    async load() {
      const { checkSealingKey, generateSealingKey } = await import('@plexus/crypto')
      const { publicKey } = await generateSealingKey(key)
      return { shape: 'binary', seeds: [publicKey], run: (bytes) => answerOf(checkSealingKey(bytes)) }
    },
  },
  {
    name: 'crypto/sealed',
    reads: 'a message sealed to one recipient, from anybody',
    covers: ['packages/crypto/src/seal.ts#openSealed'],
    async load() {
      const { generateSealingKey, openSealed, sealTo } = await import('@plexus/crypto')
      const { equalBytes, utf8 } = await import('@plexus/codec')
      const { publicKey } = await generateSealingKey(key)
      const [info, context] = [utf8('fuzz'), key]
      const sealed = await sealTo({ publicKey, info, context, plaintext: utf8('a note') })
      return {
        shape: 'binary',
        seeds: [sealed],
        async run(bytes) {
          const opened = await openSealed({ seed: key, info, context, sealed: bytes })
          if (opened.ok && !equalBytes(bytes, sealed)) throw new Error('other bytes open')
          return answerOf(opened)
        },
      }
    },
  },
  {
    name: 'crypto/chunked',
    reads: 'a large sealed object, from a store: as a stream and at random places',
    covers: [
      'packages/crypto/src/chunked-aead.ts#openChunked',
      'packages/crypto/src/chunked-aead.ts#plaintextLengthOf',
      'packages/crypto/src/chunked-reader.ts#openChunkedReader',
    ],
    async load() {
      const { openChunked, openChunkedReader, sealChunked } = await import('@plexus/crypto')
      const { concatBytes } = await import('@plexus/codec')
      const input = { key, context: Uint8Array.of(1) }
      const sealed: Uint8Array[] = []
      for (const length of [0, 5, 16 * 1024 + 3]) {
        const parts: Uint8Array[] = []
        for await (const part of sealChunked({ ...input, salt: new Uint8Array(24).fill(length) }, [
          new Uint8Array(length),
        ]))
          parts.push(part)
        sealed.push(concatBytes(...parts))
      }
      return {
        shape: 'binary',
        inputBytesMax: 40 * 1024,
        seeds: sealed,
        async run(bytes) {
          let whole = true
          let length = 0
          let why = ''
          for await (const piece of openChunked(input, [bytes])) {
            if (piece.ok) length += piece.value.length
            else why = piece.reason.type
            whole = piece.ok
          }
          const read = async (offset: number, size: number) => bytes.slice(offset, offset + size)
          const reader = await openChunkedReader({ ...input, sealedLength: bytes.length, read })
          if (whole && (!reader.ok || reader.value.length !== length)) throw new Error('stream and reader disagree')
          if (reader.ok) await reader.value.range(0, Math.min(10, reader.value.length))
          return whole ? accepted : refused(`${why} ${reader.ok}`)
        },
      }
    },
  },
  {
    name: 'vault/record',
    reads: 'a sealed record with its released key, from a custodian',
    covers: ['packages/vault/src/record.ts#openRecord', 'packages/crypto/src/aead.ts#openAead'],
    async load() {
      const { openRecord } = await import('@plexus/vault')
      const seal = await reach<(of: object) => Uint8Array>('packages/vault/src/record.ts', 'sealRecord')
      const { equalBytes } = await import('@plexus/codec')
      const context = { custodian: 'hospital-1', record: new Uint8Array(16), contentType: 'application/fhir+json', key }
      const sealed = seal({ ...context, plaintext: new Uint8Array(20) })
      return {
        shape: 'binary',
        seeds: [sealed],
        run(bytes) {
          const opened = openRecord({ ...context, ciphertext: bytes })
          if (opened.ok && !equalBytes(bytes, sealed)) throw new Error('other bytes open')
          return answerOf(opened)
        },
      }
    },
  },
  {
    name: 'vault/pack',
    reads: 'the index of a pack, from a disk or an object store',
    covers: ['packages/vault/src/pack.ts#readPackIndex'],
    async load() {
      const read = await reach<
        (at: (offset: number, length: number) => Uint8Array | undefined) => Parameters<typeof answerOf>[0]
      >('packages/vault/src/pack.ts', 'readPackIndex')
      const write = await reach<(sealed: readonly object[]) => { readonly bytes: Uint8Array }>(
        'packages/vault/src/pack.ts',
        'writePack',
      )
      const record = { record: new Uint8Array(16), ciphertext: new Uint8Array(5), ciphertextHash: key }
      return {
        shape: 'binary',
        seeds: [write([record, record]).bytes, write([]).bytes],
        run: (bytes) =>
          answerOf(
            read((offset, length) =>
              offset + length <= bytes.length ? bytes.subarray(offset, offset + length) : undefined,
            ),
          ),
      }
    },
  },
]
