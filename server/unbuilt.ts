// Settings of Reloader that are read but not acted on yet: less is restarted than is asked for, and that is said.
import type { ReloaderConfig } from './reloader-config.ts';

/** One sentence for each setting that is ignored. */
export function checkUnbuilt(reloader: ReloaderConfig): readonly string[] {
  return [...when(reloader.csi, '--enable-csi-integration is not built yet: SecretProviderClasses are not watched')];
}

function when(isSet: boolean, sentence: string): readonly string[] {
  return isSet ? [sentence] : [];
}
