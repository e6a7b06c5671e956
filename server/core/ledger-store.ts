// The port behind the ledger: where its shards are kept.

/** One shard: at most 64 KiB of text, written whole. */
export interface Shard {
  readonly name: string;
  /** What a write must still find; undefined for a shard that does not exist yet. */
  readonly version: string | undefined;
  readonly text: string;
}

export interface LedgerStore {
  /** Every shard, read past any cache. */
  load(signal: AbortSignal): Promise<readonly Shard[]>;
  /** Writes a shard and returns its new version. Throws `api-conflict` when another process wrote it since `version`. */
  save(shard: Shard, signal: AbortSignal): Promise<string>;
}
