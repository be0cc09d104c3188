/** The place of a reader in the change feed: what is new, what was seen, and where a gap is. */

export type Step = "apply" | "seen" | "gap";

export interface Sequence {
  readonly at: number;
  /** True once a first position is known. */
  readonly known: boolean;
}

export const unknown: Sequence = { at: 0, known: false };

export function startAt(seq: number): Sequence {
  return { at: seq, known: true };
}

/** What to do with an event of this number. Without a position yet, the first event sets it. */
export function step(sequence: Sequence, seq: number): { step: Step; sequence: Sequence } {
  if (!sequence.known || seq === sequence.at + 1) return { step: "apply", sequence: startAt(seq) };
  return { step: seq <= sequence.at ? "seen" : "gap", sequence };
}
