// Turns what is seen of SecretProviderClasses and of the driver's status objects into events of config objects, one for each class.
import { judgeClass, type ClassMemory, type SeenProviderClass, type SeenStatus } from '../core/provider-class.ts';
import { objectKey, type ConfigRef } from '../core/object.ts';
import type { SeenConfig, SeenEvent } from '../core/seen.ts';

export interface ProviderClasses extends ClassMemory {
  /** Empty when no class is another than before. */
  onStatus(event: SeenEvent<SeenStatus>): readonly SeenEvent<SeenConfig>[];
  onClass(event: SeenEvent<SeenProviderClass>): readonly SeenEvent<SeenConfig>[];
}

export function createProviderClasses(): ProviderClasses {
  return new WatchedClasses();
}

class WatchedClasses implements ProviderClasses {
  /** By their own names. */
  readonly #statuses = new Map<string, SeenStatus>();
  /** Names of the status objects by class. */
  readonly #members = new Map<string, Set<string>>();
  readonly #classes = new Map<string, SeenProviderClass>();
  readonly #told = new Map<string, SeenConfig>();
  readonly #rotated = new Set<string>();

  isRotated(uid: string): boolean {
    return this.#rotated.has(uid);
  }

  retained(key: string): SeenConfig | undefined {
    return this.#told.get(key);
  }

  onStatus(event: SeenEvent<SeenStatus>): readonly SeenEvent<SeenConfig>[] {
    const name = statusKey(event);
    const before = this.#statuses.get(name);
    const after = event.present ? event.object : undefined;
    if (before !== undefined) this.#drop(name, before, after);
    if (after !== undefined) this.#keep(name, after, before);
    const refs = [before, after].flatMap((status) => (status === undefined ? [] : [status.providerClass]));
    const touched = new Map(refs.map((ref) => [objectKey(ref), ref]));
    return [...touched.values()].flatMap((ref) => this.#tell(ref, event, after));
  }

  onClass(event: SeenEvent<SeenProviderClass>): readonly SeenEvent<SeenConfig>[] {
    const before = event.present ? event.object : this.#classes.get(event.key);
    if (before === undefined) return [];
    const key = objectKey(before.ref);
    if (event.present) this.#classes.set(key, event.object);
    else this.#classes.delete(key);
    return this.#tell(before.ref, event, undefined);
  }

  #drop(name: string, before: SeenStatus, after: SeenStatus | undefined): void {
    const key = objectKey(before.providerClass);
    this.#statuses.delete(name);
    this.#members.get(key)?.delete(name);
    if (this.#members.get(key)?.size === 0) this.#members.delete(key);
    if (after?.uid !== before.uid) this.#rotated.delete(before.uid);
  }

  #keep(name: string, after: SeenStatus, before: SeenStatus | undefined): void {
    const key = objectKey(after.providerClass);
    this.#statuses.set(name, after);
    this.#members.set(key, (this.#members.get(key) ?? new Set()).add(name));
    if (before?.uid === after.uid && !sameContent(before, after)) this.#rotated.add(after.uid);
  }

  #tell(ref: ConfigRef, event: SeenEvent<unknown>, told: SeenStatus | undefined): readonly SeenEvent<SeenConfig>[] {
    const key = objectKey(ref);
    const providerClass = this.#classes.get(key);
    const statuses = [...(this.#members.get(key) ?? [])].flatMap((name) => this.#statuses.get(name) ?? []);
    const object = judgeClass(ref, statuses, { providerClass, memory: this });
    const before = this.#told.get(key);
    if (object === undefined) {
      this.#told.delete(key);
      const watched = !event.present && event.watched;
      return before === undefined ? [] : [{ present: false, watched, key, version: event.version }];
    }
    this.#told.set(key, object);
    if (before !== undefined && isSame(before, object)) return [];
    // Only a rotation that was watched is a change that happened now; everything else is another view of what was there.
    const isRotation = event.present && event.how === 'modified' && told?.resourceVersion === object.resourceVersion;
    const how = isRotation && this.isRotated(told.uid) ? 'modified' : 'listed';
    return [{ present: true, how, object, version: object.resourceVersion }];
  }
}

function statusKey(event: SeenEvent<SeenStatus>): string {
  return event.present ? event.object.key : event.key;
}

/** One version of one status object holds one content. */
function isSame(a: SeenConfig, b: SeenConfig): boolean {
  return (
    a.resourceVersion === b.resourceVersion &&
    a.uid === b.uid &&
    a.ignored === b.ignored &&
    JSON.stringify(a.annotations) === JSON.stringify(b.annotations)
  );
}

function sameContent(a: SeenStatus, b: SeenStatus): boolean {
  const [x, y] = [a.contents[0], b.contents[0]];
  if (x === undefined || y === undefined || x.values.size !== y.values.size) return false;
  return [...x.values].every(([id, version]) => y.values.get(id) === version);
}
