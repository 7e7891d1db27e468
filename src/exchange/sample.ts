import type { ContentHash } from '../model/bank.ts'
import type { HashType } from '../model/hash.ts'
import type { HashExchange } from './exchange.ts'

/** Full-resolution PDQ of sixteen landscapes that a program drew (`test/support/images.ts`, seeds 1 to 16). */
const pdq = [
  '9c112c12639b3b83b583b3d113913cdef8dc92d87059f87cecdc798c0fc80fc5',
  '69c730c6dc66944e26cce4e765e631e7e8e5de6e161a4e0663a3e1e301f103f1',
  'a80828386905b61eb61eb61ab3e1bbe19af35a937e9b7e194a1bde0a8f34c925',
  '36ddb63b936379ca69dc4a1d76109767ab67a907059dc4d852f91a79a180452e',
  '899c9a3c9478176323562d96bdbe75b96d5984c02fa62f262225796f136f036c',
  '7b3f781e305e315a139a275eaf661d661f661f66098e4d9f259e2817cc2b4029',
  '8313903f1497d2b3d69744b77496645505d7459f527f99539b42d306712e2d66',
  'c583de0f76cdb6c1b7a4b70ddd1e5f1e19b081f19a6152c75a1a780a6c4a644b',
  '7c897c81b3b7d13551296162a56625da3dea186e7a66fec0f314b316d914a574',
  '56f25668f04821fd34bd5caf5fa6df26860ca50c81de53ee71e06b70b310f318',
  'b11cb95648f46ab0f3ebb349b94110b944afccec8f662e76647664c955d31592',
  'cbdcce9c8c9409d429c12b8f238d262c366c6e66ebe6abc6a156d956dc549c78',
  'e34beb4f6b7a7b6a3b2a296a0d2e274697460556a15641564c646c643afc3c7c',
  'd703cb27d34672c352c153806246e017305b1f532f41ed62fce63cf620b6fdb5',
  '1cb53dfe7596c770ee6022653267d407cc068c1aae7aafe21da695fed188d088',
  '2d01071a4289c0fa87fbcbeb4bebbbdca35b43794aaf8307260fa0ae203f3873',
]
/** MD5 of the texts `Harrier sample video 1` and `Harrier sample video 2`. */
const md5 = ['e4c28682010b2d331fb780d3d0815f53', '333803af532badf2a7f5f8b218863deb']

/** Hashes of nothing but patterns, to try a bank and a client with: as many as Hasher-Matcher-Actioner's. Fetched once. */
export const sampleExchange: HashExchange = {
  async *pages({ checkpoint }) {
    if (checkpoint) return
    const records = [...recordsOf('pdq', pdq), ...recordsOf('md5', md5)]
    const updates = records.map((record) => ({ key: `${record.type}-${record.value}`, record }))
    yield { updates, checkpoint: { state: { isWhole: true }, progressAt: undefined } }
  },
  isStale: () => false,
  hashesOf: ({ type, value }) => [{ type, value, quality: 100 } as ContentHash],
}

function recordsOf(
  type: HashType,
  values: readonly string[],
): { readonly type: HashType; readonly value: string }[] {
  return values.map((value) => ({ type, value }))
}
