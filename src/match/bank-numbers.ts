/** The most banks that one index can tell apart. */
const maxBanks = 65_536

/** Small numbers in place of the ids of banks, so that a row of an index needs two bytes for one. */
export class BankNumbers {
  readonly #numbers = new Map<number, number>()
  readonly #ids: number[] = []

  /** Returns the number of a bank, a new one if need be. @throws {RangeError} beyond 65,536 banks. */
  numberOf(bankId: number): number {
    const known = this.#numbers.get(bankId)
    if (known !== undefined) return known
    const number = this.#ids.length
    if (number === maxBanks) throw new RangeError(`Expected at most ${maxBanks} banks but received one more`)
    this.#numbers.set(bankId, number)
    this.#ids.push(bankId)
    return number
  }

  /** Returns the id behind a number that was given. */
  idOf(number: number): number {
    return this.#ids[number]!
  }
}
