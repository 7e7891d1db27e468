/** Returns the candidate that needs the fewest single-character edits to become the word; the first among equals. */
export function closestOf(word: string, candidates: readonly string[]): string {
  const ranked = candidates.map((candidate) => ({ candidate, edits: editDistance(word, candidate) }))
  return ranked.reduce((best, next) => (next.edits < best.edits ? next : best)).candidate
}

/** Levenshtein distance, one row at a time (Wagner and Fischer, 1974). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
