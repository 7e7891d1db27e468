import type { Command } from '../lib/command.ts'
import { apiKeyCreateCommand } from './api-key-create.ts'
import { apiKeyListCommand } from './api-key-list.ts'
import { apiKeyRevokeCommand } from './api-key-revoke.ts'
import { appviewSyncCommand } from './appview-sync.ts'
import { auditExportCommand } from './audit-export.ts'
import { auditHeadCommand } from './audit-head.ts'
import { auditListCommand } from './audit-list.ts'
import { auditVerifyCommand } from './audit-verify.ts'
import { bankAddCommand } from './bank-add.ts'
import { bankContentsCommand } from './bank-contents.ts'
import { bankCreateCommand } from './bank-create.ts'
import { bankDescribeCommand } from './bank-describe.ts'
import { bankDisableCommand, bankEnableCommand } from './bank-disable.ts'
import { bankExportCommand } from './bank-export.ts'
import { bankImportCommand } from './bank-import.ts'
import { bankConfirmCommand, bankDeconfirmCommand, bankForgetCommand } from './bank-judge.ts'
import { bankListCommand } from './bank-list.ts'
import { bankPurgeCommand } from './bank-purge.ts'
import { bankRemoveCommand } from './bank-remove.ts'
import { bankRestoreCommand } from './bank-restore.ts'
import { bankSetCommand } from './bank-set.ts'
import { demoCommand } from './demo.ts'
import { demoPostCommand } from './demo-post.ts'
import { demoWatchCommand } from './demo-watch.ts'
import { doctorCommand } from './doctor.ts'
import { effectsCommand } from './effects.ts'
import { gateCommand } from './gate.ts'
import { hashCommand } from './hash.ts'
import { keyListCommand } from './key-list.ts'
import { keyRotateCommand } from './key-rotate.ts'
import { labelCommand } from './label.ts'
import { labelsCommand } from './labels.ts'
import { matchCommand } from './match.ts'
import { negateCommand } from './negate.ts'
import { outboxDropCommand, outboxRetryCommand } from './outbox-change.ts'
import { outboxListCommand } from './outbox-list.ts'
import { outboxShowCommand } from './outbox-show.ts'
import { pauseCommand, resumeCommand } from './pause.ts'
import { policyCheckCommand } from './policy-check.ts'
import { policyReplayCommand } from './policy-replay.ts'
import { policySchemaCommand } from './policy-schema.ts'
import { quarantineListCommand, quarantineReleaseCommand } from './quarantine.ts'
import { queueCommand } from './queue.ts'
import { reportCommand } from './report.ts'
import { rescanCommand } from './rescan.ts'
import { restoreCommand } from './restore.ts'
import { reviewClaimCommand, reviewReopenCommand, reviewUnclaimCommand } from './review-claim.ts'
import { reviewListCommand } from './review-list.ts'
import { reviewNextCommand } from './review-next.ts'
import { reviewResolveCommand } from './review-resolve.ts'
import { reviewShowCommand } from './review-show.ts'
import { serveCommand } from './serve.ts'
import { setupCommand } from './setup.ts'
import { subscribersCommand } from './subscribers.ts'
import { takedownCommand } from './takedown.ts'
import { targetCheckCommand } from './target-check.ts'
import { targetListCommand } from './target-list.ts'

/** Every command, in the order that help shows them. */
export const commands: readonly Command[] = [
  serveCommand,
  setupCommand,
  demoCommand,
  demoPostCommand,
  demoWatchCommand,
  hashCommand,
  matchCommand,
  bankCreateCommand,
  bankListCommand,
  bankSetCommand,
  bankContentsCommand,
  bankAddCommand,
  bankDescribeCommand,
  bankDisableCommand,
  bankEnableCommand,
  bankConfirmCommand,
  bankDeconfirmCommand,
  bankForgetCommand,
  bankRemoveCommand,
  bankRestoreCommand,
  bankPurgeCommand,
  bankImportCommand,
  bankExportCommand,
  policyCheckCommand,
  policyReplayCommand,
  policySchemaCommand,
  labelCommand,
  negateCommand,
  labelsCommand,
  takedownCommand,
  reportCommand,
  restoreCommand,
  effectsCommand,
  pauseCommand,
  resumeCommand,
  quarantineListCommand,
  quarantineReleaseCommand,
  queueCommand,
  rescanCommand,
  outboxListCommand,
  outboxShowCommand,
  outboxRetryCommand,
  outboxDropCommand,
  targetListCommand,
  targetCheckCommand,
  reviewListCommand,
  reviewShowCommand,
  reviewNextCommand,
  reviewClaimCommand,
  reviewUnclaimCommand,
  reviewResolveCommand,
  reviewReopenCommand,
  gateCommand,
  appviewSyncCommand,
  doctorCommand,
  keyListCommand,
  keyRotateCommand,
  apiKeyCreateCommand,
  apiKeyListCommand,
  apiKeyRevokeCommand,
  subscribersCommand,
  auditListCommand,
  auditVerifyCommand,
  auditHeadCommand,
  auditExportCommand,
]
