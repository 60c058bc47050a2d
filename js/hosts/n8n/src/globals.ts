// In the place of globals that community nodes may not name: build.mjs puts these in.

interface Timer {
  signal: AbortSignal;
  end: () => void;
}

export function startTimer(work: () => void, ms: number): Timer {
  const timer = { signal: AbortSignal.timeout(ms), end: work };
  timer.signal.addEventListener('abort', work, { once: true });
  return timer;
}

export function stopTimer(timer: Timer | undefined): void {
  timer?.signal.removeEventListener('abort', timer.end);
}

/** The default of options that every node gives; its own requests go through n8n. */
export const hostFetch: typeof fetch = fetch;

/** Where the plugin has no log: each node gives n8n's. */
export const noConsole: Pick<Console, 'warn' | 'error'> = { warn: () => {}, error: () => {} };
