// How a part that cannot be rendered is left: thrown here, answered as a refusal by renderer.ts.
import type { NotComparable } from '../core/drift.ts';
import type { RenderRefusal } from '../core/rendering.ts';

/** Not a failure: an answer for a person. `detail` is one sentence and never holds values or a tool's own words. */
export class Refused extends Error {
  readonly reason: NotComparable;

  constructor(detail: string, reason: NotComparable = 'not-rendered') {
    super(detail);
    this.reason = reason;
  }

  toRefusal(): RenderRefusal {
    return { kind: 'not-rendered', reason: this.reason, detail: this.message };
  }
}

/** A path or name from a repository, as it may be shown: short, on one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}
