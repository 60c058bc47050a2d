// In the place of setTimeout and clearTimeout, which community nodes may not use: build.mjs puts these in.

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
