import { failures } from '@orrery/api';
import { type ClientRequest, LoopCrash, scheduleArrival } from '@orrery/core/assembly';
import { type FaultPlan, requestFaults } from './fault-rules.ts';
import { chooseLatency, connectionLost, type FaultContext } from './fault-source.ts';

/** A request that may get a fault. */
export interface FaultyRequest {
  readonly context: FaultContext;
  readonly actor: string;
  readonly request: ClientRequest;
  readonly plan: FaultPlan;
}

/**
 * Sends a request, or loses it or its response.
 * @throws LoopCrash if its loop has to crash
 */
export async function faultyRequest<R>(faulty: FaultyRequest, send: () => Promise<R>): Promise<R> {
  const { context, actor, request, plan } = faulty;
  const fault =
    requestFaults[context.choices.weigh(plan.weights(request.verb), 'fault', () => `${textOf(request)} of ${actor}`)];
  if (fault !== undefined) context.happens(fault);
  await travel(faulty, 'to the server');
  if (fault === 'crash before') throw new LoopCrash(`crashed before ${textOf(request)}`);
  if (fault !== 'lost request' && fault !== 'conflict') {
    // A lost response is dropped, even an error.
    const answered = await settled(send);
    if (fault === 'crash after') throw new LoopCrash(`crashed after ${textOf(request)}`);
    await travel(faulty, 'from the server');
    if (fault === undefined) return answered();
  } else {
    await travel(faulty, 'from the server');
  }
  if (fault === 'conflict') throw conflict(request);
  throw connectionLost();
}

/** How a request ended, to be delivered later. */
async function settled<R>(send: () => Promise<R>): Promise<() => R> {
  try {
    const answer = await send();
    return () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Resolves when the message has arrived. */
function travel({ context, plan, actor, request }: FaultyRequest, where: string): Promise<void> | undefined {
  const latency = chooseLatency(context, plan);
  if (latency === 0) return undefined;
  return new Promise((resolve) => {
    const arrive = () => {
      context.underWay.delete(arrive);
      timer[Symbol.dispose]();
      resolve();
    };
    const timer = scheduleArrival(context.clock, latency, `${textOf(request)} of ${actor}, ${where}`, arrive);
    context.underWay.add(arrive);
  });
}

function conflict({ kind, key }: ClientRequest): Error {
  const parts = kind.split('/');
  const resource = `${parts.at(-1)?.toLowerCase()}s`;
  return failures.conflict(
    { group: parts.length === 3 ? (parts[0] ?? '') : '', resource },
    key.split('/').at(-1) ?? '',
  );
}

function textOf({ verb, kind, key, subresource }: ClientRequest): string {
  return `${verb} ${kind} ${key}${subresource === '' ? '' : `/${subresource}`}`;
}
