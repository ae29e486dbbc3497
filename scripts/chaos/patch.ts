/** How a member's node is changed for a while; see `patched.ts`. */
export interface Patch {
  /** Votes against every proposal, and proposes what nobody may. */
  readonly contrary: boolean
  /** Tells its engine another application hash than it has. */
  readonly wrongHash: boolean
  /** At which of its fail points the engine ends. */
  readonly failPoint: number
  /** While this file is there, nothing can be written. */
  readonly full: string
  /** Where the names of the engine's calls go, a line for each run of the engine. */
  readonly calls: string
  /** Where the answers with keys go as they leave, a line for each. */
  readonly left: string
}
