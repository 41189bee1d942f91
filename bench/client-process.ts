import { fork } from 'node:child_process';

/** Another process that is a client of this one's cluster. */
export interface ClientProcess {
  /** The next message from it. @throws Error if it ends instead */
  message<T>(): Promise<T>;
  /** Sends it a message, and resolves with the next one from it. @throws Error if it ends instead */
  ask<T>(question: unknown): Promise<T>;
}

/** Starts a program of this folder, and sends it what it begins with. */
export function startClient(file: string, beginning: unknown): ClientProcess {
  const child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`a client ended with ${code}`)));
  });
  // It matters only to those who wait for a message.
  ended.catch(() => undefined);
  const message = <T>() => {
    const received = new Promise<T>((resolve) => child.once('message', (said) => resolve(said as T)));
    return Promise.race([received, ended]);
  };
  child.send(beginning as object);
  return {
    message,
    ask: <T>(question: unknown) => {
      const answer = message<T>();
      child.send(question as object);
      return answer;
    },
  };
}
