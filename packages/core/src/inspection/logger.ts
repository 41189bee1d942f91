import type { Clock } from '../clock/clock.ts';
import type { Inspector, LogFields, Logger } from '../inspection.ts';

/** A logger whose lines go to the inspection stream under the actor's name. */
export function createLogger(inspector: Inspector, clock: Clock, actor: string): Logger {
  const at =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}) => {
      if (!inspector.silent) inspector.emit({ type: 'log', time: clock.now(), actor, level, message, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
