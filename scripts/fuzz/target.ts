/** One door where bytes of others enter. */
import type { Subject } from './subject.ts'

export interface Target {
  /** `layer/what`; also the name of its file of kept inputs. */
  readonly name: string
  /** What the bytes are, and who sends them. */
  readonly reads: string
  /** `FILE#NAME` of each decoder that runs here. A test holds all decoders of the sources against these. */
  readonly covers: readonly string[]
  /** Loads the decoder, after branches are counted, and makes inputs to start from; `seed` says which. */
  readonly load: (seed: number) => Promise<Subject>
}
