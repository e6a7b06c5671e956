// The keys of the annotations that Lockstep itself reads or writes. Reloader's, which flags can rename, are in reloader-keys.ts.

export type Annotations = Readonly<Record<string, string>>;

export const annotation = {
  restart: 'lockstep.dev/restart',
  settle: 'lockstep.dev/settle',
  record: 'lockstep.dev/record',
  ignore: 'lockstep.dev/ignore',
  pause: 'lockstep.dev/pause',
  restartedFor: 'lockstep.dev/restarted-for',
  content: 'lockstep.dev/content',
  drift: 'lockstep.dev/drift',
} as const;

/** Never a property that every object inherits, such as `constructor`. */
export function valueOf(annotations: Annotations, key: string): string | undefined {
  return Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}
