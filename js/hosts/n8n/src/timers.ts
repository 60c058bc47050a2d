// Community nodes may not use the timers of the platform by name. The bundler puts these in their place.
interface Timer {
  isOver: boolean;
}

export function setTimeout(work: () => void, milliseconds: number): Timer {
  const timer = { isOver: false };
  AbortSignal.timeout(milliseconds).addEventListener('abort', () => {
    if (!timer.isOver) work();
  });
  return timer;
}

export function clearTimeout(timer: Timer | undefined): void {
  if (timer) timer.isOver = true;
}
