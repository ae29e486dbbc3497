/** Bounds that messages and rows share. */

/** A body of a step of this contract: some hashes and keys. */
export const bodyBytesMax = 2 * 1024

/** As much as a book is given back with the end of a step: a settlement of full length. */
export const aboutBytesMax = 64 * 1024

/** Lines of one settlement. Each has the body of its own step beside the body of the sum, and all of them are within one note. */
export const settledAtOnceMax = 400

/** So many keys a payer gives at once; as many discounts accrue before it is asked for more. */
export const poolMax = 64
