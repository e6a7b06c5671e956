// Settings of Reloader that are read but not acted on yet. What would restart less than is asked for is said; what would restart
// something that must not be restarted prevents the start.
import { LockstepError } from './core/errors.ts';
import type { ReloaderConfig } from './reloader-config.ts';

/** One sentence for each setting that is ignored. Throws `config-invalid` for those that cannot be ignored safely. */
export function checkUnbuilt(reloader: ReloaderConfig): readonly string[] {
  const refused = [
    ...when(
      reloader.webhookUrl !== undefined,
      '--webhook-url: calling a webhook instead of restarting is not built yet',
    ),
    ...when(reloader.namespaceSelector.text !== '', '--namespace-selector is not built yet; list them by --namespaces'),
  ];
  if (refused.length > 0) throw new LockstepError('config-invalid', { message: refused.join('\n') });
  return [
    ...when(reloader.leaseName !== undefined, '--enable-ha: the Lease is lockstep’s own, so Reloader does not see it'),
  ];
}

function when(isSet: boolean, sentence: string): readonly string[] {
  return isSet ? [sentence] : [];
}
