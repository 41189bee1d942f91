import { toBase64 } from '@orrery/api';
import type { RawData, WebSocket } from 'ws';
import type { ChannelProtocol } from '../../door/channel-protocols.ts';
import { pendingOutput } from '../../door/pending-bytes.ts';
import {
  behindBytes,
  type CommandChannels,
  type CommandListener,
  type CommandStatus,
  statusText,
  terminalSize,
} from './command.ts';

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 };

/** The client of a command over a WebSocket. */
export function webSocketChannels(
  socket: WebSocket,
  protocol: ChannelProtocol,
  first: 'stdout' | 'stderr' | 'error',
): CommandChannels {
  socket.on('close', () => pendingOutput.release(socket));
  let drained: () => void = () => undefined;
  const sent = () => {
    if (socket.readyState !== socket.OPEN) return;
    pendingOutput.exceeds(socket, socket.bufferedAmount);
    if (socket.bufferedAmount < behindBytes / 2) drained();
  };
  const send = (number: number, bytes: Uint8Array) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(encode(number, bytes, protocol), sent);
    if (pendingOutput.exceeds(socket, socket.bufferedAmount)) socket.terminate();
  };
  // An empty message signals the client that the command is connected.
  send(channel[first], new Uint8Array());
  return {
    listen: (listener) => {
      drained = () => listener.drained();
      socket.on('message', (data: RawData) => {
        const room = receive(decode(data, protocol), protocol, listener);
        if (room === undefined) return;
        socket.pause();
        void room.finally(() => socket.resume());
      });
      socket.on('close', () => listener.closed());
    },
    send: (stream, chunk) => {
      send(channel[stream], chunk);
      return socket.bufferedAmount > behindBytes;
    },
    finish: (status: CommandStatus) => {
      const text = statusText(status, protocol.json);
      if (text !== '') send(channel.error, new TextEncoder().encode(text));
      socket.close(1000);
    },
    drop: () => socket.close(1001),
  };
}

/** A promise if the client should send no more until it resolves. */
function receive(message: Buffer, { closes }: ChannelProtocol, listener: CommandListener): undefined | Promise<void> {
  const payload = message.subarray(1);
  switch (message[0]) {
    case channel.stdin:
      return payload.length > 0 ? (listener.stdin(payload) ?? undefined) : undefined;
    case channel.resize: {
      const size = terminalSize(payload);
      if (size !== undefined) listener.resize(size.columns, size.rows);
      return undefined;
    }
    case channel.close:
      if (closes && payload[0] === channel.stdin) listener.stdinEnd();
      return undefined;
    default:
      return undefined;
  }
}

function encode(number: number, bytes: Uint8Array, { base64 }: ChannelProtocol): Buffer | string {
  return base64 ? `${number}${toBase64(bytes)}` : Buffer.concat([Buffer.of(number), bytes]);
}

function decode(data: RawData, { base64 }: ChannelProtocol): Buffer {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
  if (!base64) return bytes;
  const text = bytes.toString('latin1');
  return Buffer.concat([Buffer.of(Number(text.slice(0, 1)) & 0xff), Buffer.from(text.slice(1), 'base64')]);
}
