// What the softphone uses of JsSIP. Everything else is left out of the bundle
// only as far as its own files allow.
import JsSIP from 'jssip';

export const UA = JsSIP.UA;
export const WebSocketInterface = JsSIP.WebSocketInterface;
export const version = JsSIP.version;
