import type { Bank } from '../model/bank.ts'
import type {
  BankChange,
  ContentChange,
  ContentPage,
  ContentSearch,
  CuratedContent,
  RemovedBank,
  Restoring,
  WantedBank,
  WantedContent,
} from '../model/curation.ts'
import type { HashType } from '../model/hash.ts'

/** Banks and contents, and changing them. When a change resolves, every lookup sees it. */
export interface CuratorServices {
  listBanks(): Promise<readonly Bank[]>
  findBank(name: string): Promise<Bank | undefined>
  /** @throws an `AppError` of kind `conflict` when the name is taken. */
  createBank(bank: WantedBank): Promise<Bank>
  /** Returns undefined when the bank is gone. @throws an `AppError` of kind `conflict` when the new name is taken. */
  updateBank(bankId: number, change: BankChange): Promise<Bank | undefined>
  /** Returns false when the bank was gone. */
  removeBank(bank: Bank): Promise<boolean>
  findContent(bankId: number, contentId: number): Promise<CuratedContent | undefined>
  /** Returns contents of any bank, by id; at most 1,000. */
  findContents(contentIds: readonly number[]): Promise<readonly CuratedContent[]>
  searchContents(bankId: number, search: ContentSearch): Promise<ContentPage>
  /** Returns the content of a bank that has a hash. */
  contentHolding(
    bankId: number,
    hash: { readonly type: HashType; readonly value: string },
  ): Promise<number | undefined>
  /** Adds content, or says more of the content that the bank has. */
  addContent(
    bank: Bank,
    content: WantedContent,
  ): Promise<{ readonly contentId: number; readonly isNew: boolean }>
  /** Returns undefined when the bank has no such content. */
  updateContent(bank: Bank, contentId: number, change: ContentChange): Promise<CuratedContent | undefined>
  /** Returns false when the bank has no such content. */
  removeContent(bank: Bank, contentId: number): Promise<boolean>
  /** Puts back what was removed. */
  restoreContent(bank: Bank, contentId: number): Promise<Restoring>
  removedBanks(): Promise<readonly RemovedBank[]>
  /** Returns undefined when the bank was purged. @throws an `AppError` of kind `conflict` when the name is taken. */
  restoreBank(removed: RemovedBank, name: string): Promise<Bank | undefined>
  setTypeRatio(type: HashType, enabledRatio: number): Promise<void>
}
