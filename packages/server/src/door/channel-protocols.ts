/** A protocol for a command's streams over a WebSocket: the first byte of each message names the channel. */
export interface ChannelProtocol {
  /** Channel numbers are digits, and the rest of each message is base64. */
  readonly base64: boolean;
  /** The error channel carries a Status rather than text. */
  readonly json: boolean;
  /** Channel 255 closes the channel that the next byte names. */
  readonly closes: boolean;
}

/** By WebSocket subprotocol; the newest first. */
export const channelProtocols: { readonly [name: string]: ChannelProtocol } = {
  'v5.channel.k8s.io': { base64: false, json: true, closes: true },
  'v4.channel.k8s.io': { base64: false, json: true, closes: false },
  'v3.channel.k8s.io': { base64: false, json: false, closes: false },
  'v2.channel.k8s.io': { base64: false, json: false, closes: false },
  'channel.k8s.io': { base64: false, json: false, closes: false },
  'v4.base64.channel.k8s.io': { base64: true, json: true, closes: false },
  'base64.channel.k8s.io': { base64: true, json: false, closes: false },
};

/** Protocols for a command's streams over SPDY. */
export const commandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/** Protocols for a log over a WebSocket. */
export const logProtocols = ['binary.k8s.io', 'base64.binary.k8s.io'];

/** Protocols for forwarded ports; over a WebSocket, SPDY frames travel in binary messages (KEP-4006). */
export const portForwardProtocols = { websocket: 'SPDY/3.1+portforward.k8s.io', spdy: 'portforward.k8s.io' } as const;
