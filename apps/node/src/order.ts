/** How the members of one process come to agree on blocks. */
import type { LightQuestion, LocalMember } from '@plexus/engine'
import type { EngineReadings } from './readings.ts'

export interface Order {
  /** A member's side of the engine. */
  member(name: string): Pick<LocalMember, 'offer' | 'submit'>
  /** Whether it takes envelopes of this member now. */
  isUp(member: string): boolean
  readings(): EngineReadings
  /** What a member's engine shows of a block to whoever verifies votes; undefined where none does. */
  askLight(member: string, question: LightQuestion): Promise<Uint8Array | undefined>
  /** Ends all of it; stores belong to who opened them. */
  stop(): Promise<void>
}
